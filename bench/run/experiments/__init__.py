"""Experiments beside the matrix: self-test, interference, thermal."""
