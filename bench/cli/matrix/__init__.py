"""`bench matrix`: plan, run, resume, clean."""
