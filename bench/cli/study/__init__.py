"""`bench study`: analyses, which start nothing."""
