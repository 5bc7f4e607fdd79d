"""The files of a run: reads and writes run.json and the journal."""
