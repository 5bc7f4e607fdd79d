"""Models as artifacts: steps that build them, the store, the user's own models."""
