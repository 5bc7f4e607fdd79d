"""The program on the desk: it decides what to launch, launches it and keeps what was said."""
