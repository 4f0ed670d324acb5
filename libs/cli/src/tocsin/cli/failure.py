"""Failures of a command: what went wrong, what to do about it, and the exit status."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses, the same for every command."""

    OK = 0
    FAILED = 1  # it was tried and did not work
    USAGE = 2  # the call or a file is wrong: see the message
    AWAY = 3  # a service, Kafka or PostgreSQL is not there


class Failure(Exception):
    """Ends the command. ``lines`` are printed to standard error, one a line."""

    def __init__(self, status: Exit, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.status = status
        self.lines = lines
