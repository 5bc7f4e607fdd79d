"""Results of the thermal experiment and of the self-test."""
