"""`bench selftest`: the instrument measures what is known already, on the user's own machine (docs/method.md)."""
