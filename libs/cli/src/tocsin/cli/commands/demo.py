"""`tocsin demo`: the story of June 2026, on the real services."""

import sys
from typing import Annotated

import typer

from tocsin.cli import output
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End by itself; without a terminal that is the way anyway.")
    ] = False,
    json: Json = False,
) -> None:
    """Tell the story of June 2026 to three teams: real Kafka, PostgreSQL and services, real receivers.

    Exit status 0 only if every expected alert arrived exactly once and nothing else did.

    Example:
        tocsin demo --once
    """
    from tocsin.cli.demo.telling import tell  # noqa: PLC0415 - half a second that no other command waits for

    stays = sys.stdout.isatty() and not once and not json
    reckoning = tell(output.errors if json else output.console, stays=stays)
    if json:
        rows = [
            {"team": team, "kind": kind, "expected": count, "told": reckoning.told[team, kind]}
            for (team, kind), count in sorted(reckoning.expected.items())
        ]
        output.as_json({"right": reckoning.right, "arrived": reckoning.arrivals, "alerts": rows})
    if not reckoning.right:
        raise Failure(Exit.FAILED, "what arrived is not what was expected")
