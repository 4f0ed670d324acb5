"""`tocsin demo`: the story of June 2026, on the real services."""

from typing import Annotated

import typer

from tocsin.cli.failure import Exit, Failure


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End by itself; without a terminal that is the way anyway.")
    ] = False,
) -> None:
    """Tell the story of June 2026 to three teams: real Kafka, PostgreSQL and services, real receivers.

    Exit status 0 only if every expected alert arrived exactly once and nothing else did.

    Example:
        tocsin demo --once
    """
    from tocsin.cli.demo.telling import tell  # noqa: PLC0415 - half a second that no other command waits for

    if not tell(once=once):
        raise Failure(Exit.FAILED, "what arrived is not what was expected")
