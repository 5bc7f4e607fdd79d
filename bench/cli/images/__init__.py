"""`bench images`."""
