"""What is measured: networks defined once, given seeded weights, exported and converted. Runs in images of its own."""
