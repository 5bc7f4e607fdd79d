"""The statistics: ratios, intervals, verdicts, tails, variance, stability."""
