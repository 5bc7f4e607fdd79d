"""A board on the other end of an SSH connection: reached, asked, given what launches need, and launched on."""
