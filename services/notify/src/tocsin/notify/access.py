"""Access: who may do what. Pure."""

from dataclasses import dataclass
from enum import StrEnum

# What callers of every scope read whole: these are facts of the world, not of a team.
SHARED = frozenset({"cases", "notices", "entities"})
# What belongs to a team each: its own callers read and change it, and see no other's.
OWNED = frozenset({"alerts", "channels", "deliveries", "feeds", "teams", "watches", "why", "why-not"})
# What is of all teams at once: a team's callers read their own part of it, and only admins change it.
WHOLE = frozenset({"changes", "subscriptions"})
READING = frozenset({"GET", "HEAD"})


class Scope(StrEnum):
    """How far a key reaches."""

    ADMIN = "admin"  # everything
    TEAM = "team"  # what is one team's, and what is everybody's to read
    READ = "read"  # everything, to read


class Verdict(StrEnum):
    """The answer to a caller."""

    YES = "yes"
    NO = "no"  # 403: there is such a thing, and it is not for this caller
    UNSEEN = "unseen"  # 404: the caller learns not even that it is there


@dataclass(frozen=True)
class Caller:
    """Who calls: a name for the record of changes, and how far it may go. ``team`` is set for scope team."""

    name: str
    scope: Scope
    team: str | None = None

    def sees(self, team: str) -> bool:
        """Whether a team's things are there at all for this caller."""
        return self.scope is not Scope.TEAM or team == self.team


def may(caller: Caller, method: str, what: str, team: str | None = None) -> Verdict:
    """Whether a caller may use a method on a thing.

    ``what`` is the first part of its path under ``/v1``: ``alerts``. ``team`` is whose it is; None where that
    is not known yet: whoever lists or finds things of ``OWNED`` or ``WHOLE`` then leaves out what the caller
    does not see. What is named in no set is the operator's: a team reads it as little as it changes it.
    """
    if caller.scope is Scope.ADMIN:
        return Verdict.YES
    reading = method in READING
    if caller.scope is Scope.READ:
        return Verdict.YES if reading and what != "keys" else Verdict.NO
    if team is not None:
        return Verdict.YES if team == caller.team else Verdict.UNSEEN
    if what in SHARED | WHOLE:
        return Verdict.YES if reading else Verdict.NO
    return Verdict.YES if what in OWNED else Verdict.NO
