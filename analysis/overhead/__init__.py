"""Where the difference between arms comes from: attribution, the cold start, several containers at once."""
