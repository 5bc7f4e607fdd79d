"""What the launches of runs show: ratios, rankings, exclusions, causes."""
