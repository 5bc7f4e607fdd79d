"""A board over SSH: connection, the agent that runs there, and launches through it."""
