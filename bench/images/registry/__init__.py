"""Images in a registry: pushed, locked, pulled and verified by digest."""
