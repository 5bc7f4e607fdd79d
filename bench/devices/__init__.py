"""Devices as they are: which one a machine is, what a launch on it is given, and what of its settings is changed."""
