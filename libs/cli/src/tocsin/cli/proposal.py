"""A file of teams put before notify: what it would change, or what is wrong with it, line by line."""

import json
from collections.abc import Sequence
from typing import Any

from tocsin.cli import output
from tocsin.cli.client import Body, Refused, follow
from tocsin.cli.place import setting
from tocsin.cli.teamsfile import TeamsFile
from tocsin.contracts import Entity
from tocsin.contracts.subscriptions import Subscriptions


def planned(file: TeamsFile, declared: Subscriptions, days: int, entities: Sequence[Entity] = ()) -> Any:
    """Notify's answer; raises ``Mistaken`` when it has something to say against a line.

    ``entities`` are those that the catalogue is to have by then.
    """
    with output.progress() as tell:
        try:
            return follow(
                f"{setting('notify_url')}/v1/subscriptions/plan",
                setting("api_key"),
                params={"days": str(days)},
                body=body_of(declared, entities),
                tell=tell,
            )
        except Refused as refused:
            raise told(file, refused) from refused


def body_of(declared: Subscriptions, entities: Sequence[Entity] = ()) -> Body:
    """Teams as notify takes them; to plan, with entries of the catalogue."""
    more = {"catalogue": [one.model_dump(mode="json") for one in entities]} if entities else {}
    return Body(json.dumps(declared.model_dump(mode="json") | more).encode())


def told(file: TeamsFile, refused: Refused) -> Exception:
    """A refusal, at the lines that caused it where it names them."""
    found = refused.problem.get("errors")
    return file.mistakes((error["at"], error["detail"]) for error in found) if found else refused
