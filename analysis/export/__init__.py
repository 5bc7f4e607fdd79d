"""Exports results to formats of other programs, and imports results of other programs."""
