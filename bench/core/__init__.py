"""What every part of bench uses: errors, paths, files, CPU lists, the terminal."""
