"""`bench measure`: experiments, which launch inferences."""
