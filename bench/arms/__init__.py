"""The arms: a cell is launched in a container, in the image's file system alone, or on the bare host; and ablations.

This module imports nothing, because the table of ablations (ablations.py) must not need the Docker SDK.
"""
