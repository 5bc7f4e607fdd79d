"""Artifacts run in their images and compared with the reference."""
