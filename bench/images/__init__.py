"""The frameworks' images: built, found and pruned on this machine's engine."""
