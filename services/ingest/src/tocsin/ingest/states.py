"""Decides the state of a source: what a poll showed, measured by the source's own past, with hysteresis."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from tocsin.ingest import baseline
from tocsin.ingest.baseline import DAY, Baseline
from tocsin.ingest.figures import Figures
from tocsin.ingest.outcome import Outcome

LEAVES_AFTER = 3  # polls in a row that show another ill, before a state is left for it
RETURNS_AFTER = 2  # polls in a row that show no ill
ADOPTED_AFTER = 7 * DAY  # what has been another way for so long is how the source is now
EMPTY_FACTOR = 1.5  # of the longest time that it was empty before

ANSWERS = {Outcome.READ, Outcome.UNCHANGED, Outcome.NOT_MODIFIED}
NOT_ITS_FAULT = {Outcome.AWAY, Outcome.OUTDATED}


class State(StrEnum):
    """How a source is. Each is a label of ``tocsin_ingest_source_state``; all but the first two are ills."""

    OK = "ok"
    MOVED = "moved"  # it answers, and sends us to another address for good
    LATE = "late"  # nothing new for longer than its own rhythm explains
    EMPTY = "empty"  # it answers, and nothing is in it where something was
    DRIFTED = "drifted"  # its entries are not what they were
    STALE = "stale"  # valid, and nothing new for so long that nobody seems to keep it up
    BROKEN = "broken"  # it cannot be read

    @property
    def is_ill(self) -> bool:
        """Whether somebody should look."""
        return self not in {State.OK, State.MOVED}


@dataclass(frozen=True)
class Observation:
    """What one poll showed. ``figures`` are there when a document was read."""

    outcome: Outcome
    words: str = ""  # of a failure
    figures: Figures | None = None
    news: bool = False  # something in it was told
    moved_to: str | None = None


@dataclass(frozen=True)
class View:
    """What a single poll looks like, and why, in words."""

    state: State
    reason: str = ""


@dataclass(frozen=True)
class Condition:
    """A source's state as it stands, and all that the next poll is measured by. Times are POSIX seconds."""

    state: State = State.OK
    since: float = 0.0
    reason: str = ""
    streak: int = 0  # polls in a row that showed something else
    seen: State = State.OK  # by the last poll
    drift: str | None = None  # of the last document, which stands until there is another
    known: Baseline = field(default_factory=Baseline)

    def as_row(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def of_row(row: Mapping[str, Any] | None, now: float) -> Condition:
    """The condition that was kept; what an older or newer version of us kept beside it is left out."""
    if not row:
        return Condition(since=now, known=baseline.begun(now))
    known = Baseline(**_named(Baseline, row["known"]))
    kept = _named(Condition, row) | {"known": known}
    return Condition(**kept | {"state": State(row["state"]), "seen": State(row["seen"])})


def _named(kind: type[Baseline] | type[Condition], row: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in row.items() if name in names}


def advance(condition: Condition, seen: Observation, now: float) -> Condition:
    """The condition after one more poll at ``now``. Polls that failed by our own fault change nothing."""
    if seen.outcome in NOT_ITS_FAULT:
        return condition
    known, drift, figures = _learn_time(condition.known, seen, now), condition.drift, seen.figures
    if figures is not None and figures.entries:
        drift = baseline.drift(known, figures)
    if drift and condition.state is State.DRIFTED and now - condition.since >= ADOPTED_AFTER:
        known, drift = replace(known, documents=0), None
    if figures is not None and figures.entries and not drift:
        known = baseline.with_document(known, figures, now)
    return _settled(replace(condition, known=known, drift=drift), _look(known, drift, seen, now), now)


def _look(known: Baseline, drift: str | None, seen: Observation, now: float) -> View:
    """What this poll by itself looks like. Where nothing changed, the document of last time stands."""
    if seen.outcome is Outcome.EMPTY:
        return View(State.EMPTY, f"it answers with nothing: {seen.words}")
    if seen.outcome not in ANSWERS:
        return View(State.BROKEN, f"{WORDS[seen.outcome]}: {seen.words}")
    if known.empty_since is not None:
        return _emptied(known, now - known.empty_since)
    if drift:
        return View(State.DRIFTED, drift)
    return _quiet(known, now) or _moved(seen)


def _emptied(known: Baseline, spell: float) -> View:
    before = known.longest_empty
    if known.documents and spell >= EMPTY_FACTOR * before:
        usual = f"; it never was for longer than {_span(before)}" if before else ""
        return View(State.EMPTY, f"it answers, and has held nothing for {_span(spell)}{usual}")
    return View(State.OK)


def _quiet(known: Baseline, now: float) -> View | None:
    quiet = now - known.new_at
    words = f"nothing new for {_span(quiet)}; the longest before was {_span(known.gap)}"
    if quiet > baseline.stale_after(known):
        return View(State.STALE, words)
    if quiet > baseline.late_after(known, now):
        return View(State.LATE, words)
    return None


def _moved(seen: Observation) -> View:
    return View(State.MOVED, f"it has moved to {seen.moved_to}") if seen.moved_to else View(State.OK)


def _learn_time(known: Baseline, seen: Observation, now: float) -> Baseline:
    if seen.figures is not None:
        known = baseline.with_emptiness(known, now, empty=not seen.figures.entries)
        if not known.documents and not known.gaps:
            return baseline.with_dates(known, seen.figures.dates)
    return baseline.with_news(known, now) if seen.news else known


def _settled(condition: Condition, view: View, now: float) -> Condition:
    """Hysteresis: a state is left when enough polls in a row have shown another one."""
    if view.state is condition.state:
        return replace(condition, streak=0, seen=view.state, reason=view.reason)
    goes_on = condition.streak and (view.state.is_ill == condition.seen.is_ill)
    streak = condition.streak + 1 if goes_on else 1
    if streak < (LEAVES_AFTER if view.state.is_ill else RETURNS_AFTER):
        return replace(condition, streak=streak, seen=view.state)
    return replace(condition, state=view.state, since=now, reason=view.reason, streak=0, seen=view.state)


def _span(seconds: float) -> str:
    for unit, length in (("days", DAY), ("hours", baseline.HOUR), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


WORDS = {
    Outcome.NO_SUCH_HOST: "its name leads nowhere",
    Outcome.BAD_CERTIFICATE: "it cannot prove who it is",
    Outcome.UNREACHABLE: "it cannot be reached",
    Outcome.FORBIDDEN: "it leads into a private network (see TOCSIN_INGEST_ALLOW_PRIVATE_ADDRESSES)",
    Outcome.INSECURE: "it redirects to an address without TLS",
    Outcome.TIMEOUT: "it takes too long",
    Outcome.TOO_LARGE: "it is too large",
    Outcome.REDIRECTS: "it redirects without end",
    Outcome.DISALLOWED: "it asks robots to stay away",
    Outcome.MISSING_KEY: "it wants an API key",
    Outcome.GONE: "nothing is there any more",
    Outcome.REFUSED: "it refuses us",
    Outcome.THROTTLED: "it says that we ask too often",
    Outcome.BROKEN: "it is broken",
    Outcome.BOT_WALL: "it takes us for a robot it does not want",
    Outcome.HTML: "it gives a page instead",
    Outcome.ERROR_PAGE: "it gives a page that speaks of an error",
    Outcome.UNREADABLE: "what it gives cannot be read",
    Outcome.UNEXPECTED: "reading it is a fault of ours",
}
