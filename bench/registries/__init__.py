"""Images and models on their way to a registry and back, by digest."""
