"""What the launches of a run said, put into numbers, sentences and pictures. Starts nothing."""
