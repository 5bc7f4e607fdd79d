"""One file per family of networks. Each imports torch alone: it travels to the board inside the `torch` artifact.

A network whose outputs come from more than one layer keeps those layers in `heads`, so that seeding knows them.
"""
