"""What is reserved for the canary: one name for its source and team, and the way back to us."""

from typing import Literal

from tocsin.contracts import NoticeClassified, Severity
from tocsin.contracts.channels import Log
from tocsin.notify.routing.conditions import NO_TOPIC, Condition, Things
from tocsin.notify.routing.index import Index, Matcher, Subscriber

NAME = "tocsin-canary"  # the id of its source, as ingest declares it, and of its team
MODEL = "model:tocsin-canary"  # in the catalogue, and in no real text


class Return(Log):
    """The canary's own channel; nobody can declare one."""

    kind: Literal["canary"] = "canary"  # type: ignore[assignment] # to all but the sender it is a Log


RETURN = Return(name="return")
WATCHING = Index(
    [
        Subscriber(
            NAME,
            (
                Matcher(
                    "canary",
                    Condition(
                        things=Things(frozenset({MODEL}), frozenset()),
                        above=frozenset(),
                        topic=NO_TOPIC,
                        min_severity=Severity.INFO,
                        anything=False,
                    ),
                ),
            ),
        )
    ]
)


def is_canary(fact: NoticeClassified) -> bool:
    """Whether a notice is ours and made up: it is told to the canary, and to no team."""
    return fact.notice.source.id == NAME
