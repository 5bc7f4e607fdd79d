"""`bench models`."""
