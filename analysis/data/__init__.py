"""Journals as checked frames and values, and the figures of the 2019 study."""
