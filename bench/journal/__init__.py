"""What a run leaves on the disk: run.json and the journal, written and read."""
