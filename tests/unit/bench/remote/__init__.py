"""Boards on the end of a connection, without a connection."""
