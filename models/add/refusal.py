"""Why a user's file is not taken."""


class Refused(Exception):
    """What is wrong with the file, in one line: with the operator's or the input's name where there is one."""
