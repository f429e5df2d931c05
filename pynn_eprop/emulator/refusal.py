"""Refusals: answers of a monitor that does not carry out a command."""

from enum import IntEnum


class ReturnCode(IntEnum):
    """Code in the answer to a command."""

    OK = 0x80
    LENGTH = 0x81
    CHECKSUM = 0x82
    COMMAND = 0x83
    ARGUMENT = 0x84
    PORT = 0x85
    TIMEOUT = 0x86
    NO_ROUTE = 0x87
    CPU = 0x88
    DEAD = 0x89
    NO_BUFFER = 0x8A


class Refused(Exception):  # noqa: N818 - an answer, not an error of this program
    """A command that a monitor refuses; the host gets the code, the log the reason."""

    def __init__(self, code: ReturnCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
