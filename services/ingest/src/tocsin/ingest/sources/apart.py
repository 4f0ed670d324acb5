"""Parsing in a process of its own: a document that hangs a parser holds up no neighbour, and is given up."""

from collections.abc import Callable

from tocsin.ingest.entry import Parsed
from tocsin.ingest.fetched import Fetched
from tocsin.ingest.outcome import Outcome, PollFailed
from tocsin.ingest.workers import JobFailed, Workers


def apart(workers: Workers, parse: Callable[[Fetched], Parsed], fetched: Fetched) -> Parsed:
    """What ``parse``, a function of a module, makes of a document. Raises ``PollFailed``."""
    try:
        parsed, failed = workers.run(_parsed, parse, fetched)
    except JobFailed as error:
        raise PollFailed(Outcome.UNREADABLE, f"the parser was given up: {error}") from error
    if failed is not None:
        raise PollFailed(*failed)
    return parsed


def _parsed(
    parse: Callable[[Fetched], Parsed], fetched: Fetched
) -> tuple[Parsed, tuple[Outcome, str] | None]:
    try:
        return parse(fetched), None
    except PollFailed as error:
        return Parsed(), (error.outcome, str(error))
