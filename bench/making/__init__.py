"""Models' artifacts: made by steps, kept in the store, checked against their reference."""
