"""What the tests stand on: boards, registries, machines, runs and fakes."""
