"""`bench compare`: two runs, cell by cell."""
