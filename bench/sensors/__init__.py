"""`runner sense` beside a launch, and which of its channels tell what the board takes."""
