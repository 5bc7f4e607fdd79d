"""One file per family of networks. Each imports torch alone: it travels to the board inside the `torch` artifact."""
