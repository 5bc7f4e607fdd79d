"""What every part of bench stands on: errors, paths, files, CPU lists, the terminal."""
