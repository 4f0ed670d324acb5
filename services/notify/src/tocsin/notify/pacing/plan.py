"""Plan: whether a delivery goes now or is told in a summary later, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tocsin.contracts import AlertRaised, Severity, SummarySort
from tocsin.contracts.channels import ALARMS, Channel, Digest
from tocsin.contracts.subscriptions import Team
from tocsin.notify.pacing.hours import digest_due, quiet_until
from tocsin.notify.pacing.silence import Silence, hides
from tocsin.notify.routing.route import ENDINGS

HOUR = timedelta(hours=1)  # what caps are counted over
GATHERING = timedelta(minutes=10)  # from the first alert of a storm that is too many to its summary

INHIBITED = frozenset({SummarySort.DIGEST, SummarySort.QUIET, SummarySort.STORM})


@dataclass(frozen=True)
class Now:
    """It goes at once. ``counts``: against the caps."""

    because: str
    counts: bool = True
    what: str = "now"  # as it is counted in metrics


@dataclass(frozen=True)
class Folded:
    """It is told in the summary of this sort and key, which goes at ``due_at``."""

    sort: SummarySort
    key: str
    due_at: datetime
    because: str
    since: datetime | None = None  # when its period began, where that is not now
    what: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", self.what or self.sort.value)


Plan = Now | Folded


@dataclass(frozen=True)
class Waiting:
    """A summary that has not left: what belongs to it can still be folded in."""

    sort: SummarySort
    key: str
    due_at: datetime


@dataclass(frozen=True)
class Earlier:
    """What a channel is told of an earlier step of the case; ``waiting`` where it is in such a summary."""

    severity: Severity
    waiting: Waiting | None


@dataclass(frozen=True)
class Known:
    """What is on record of a team that decisions depend on, by channel where it differs."""

    silences: Sequence[Silence] = ()  # that stand
    earlier: Mapping[str, Sequence[Earlier]] = field(default_factory=dict)  # in the order of the steps
    gone: Mapping[str, int] = field(default_factory=dict)  # singly, within the last hour
    storms: Mapping[str, Waiting] = field(default_factory=dict)


def plan(alert: AlertRaised, team: Team, known: Known, now: datetime) -> dict[str, Plan]:
    """What becomes of an alert on each channel of its team, by name; one that goes counts for the next."""
    plans: dict[str, Plan] = {}
    for channel in team.told:
        made = plans[channel.name] = decide(alert, channel, team, known, now)
        if isinstance(made, Now) and made.counts:
            gone = {channel.name: known.gone.get(channel.name, 0) + 1}
            known = replace(known, gone={**known.gone, **gone})
    return plans


def decide(alert: AlertRaised, channel: Channel, team: Team, known: Known, now: datetime) -> Plan:
    """What becomes of an alert on a channel. Nothing is dropped: it goes now, or in a summary that will go.

    In this order: what ends an alarm, what joins the summary that its case waits in, silences, quiet hours
    and digests unless it is urgent, and the caps.
    """
    earlier = known.earlier.get(channel.name, ())
    waits = [one for one in earlier if one.waiting is not None]
    told, ends = len(waits) < len(earlier), alert.kind in ENDINGS
    if ends and told and channel.kind in ALARMS:
        return Now(f"it ends what {channel.kind} holds open", counts=False)
    joined = _joined(alert, waits, told=told, ends=ends)
    if joined is not None:
        return joined
    return (
        (None if ends and told else _silenced(alert, known))
        or (None if alert.severity.rank >= team.urgent.rank else _later(channel, team, now))
        or _stormed(channel, team, known, now)
        or Now(_at_once(alert, team, told=told, ends=ends, now=now))
    )


def _joined(alert: AlertRaised, waits: Sequence[Earlier], *, told: bool, ends: bool) -> Folded | None:
    """What ends, or is no graver than, what is still to be told goes with that."""
    if ends and not told and waits and (last := waits[-1].waiting):
        return _join(last, "what it ends is still to be told")
    gravest = max((one.severity.rank for one in waits), default=-1)
    last = waits[-1].waiting if waits else None
    if not ends and last is not None and last.sort in INHIBITED and alert.severity.rank <= gravest:
        return _join(last, "an earlier step of its case is still to be told, and this one is no graver")
    return None


def _join(summary: Waiting, because: str) -> Folded:
    return Folded(summary.sort, summary.key, summary.due_at, because, what="inhibited")


def _silenced(alert: AlertRaised, known: Known) -> Folded | None:
    """The silence that hides it, the last to end: before that it is not to be heard of."""
    hiding = [one for one in known.silences if hides(one, alert)]
    if not hiding:
        return None
    last = max(hiding, key=lambda one: (one.until, one.number))
    because = f"silence {last.number} of {last.author} hides it: {last.reason}"
    return Folded(SummarySort.SILENCE, str(last.number), last.until, because, since=last.made_at)


def _later(channel: Channel, team: Team, now: datetime) -> Folded | None:
    """What is not urgent waits for the end of quiet hours, and for the digest; for whichever is later."""
    quiet = quiet_until(team, now)
    digest = digest_due(team, channel.digest, now) if channel.digest is not Digest.IMMEDIATE else None
    if quiet is not None and (digest is None or digest <= quiet):
        because = f"the team has quiet hours until {_clock(quiet)}, and this is below {team.urgent}"
        return Folded(SummarySort.QUIET, _clock(quiet), quiet, because)
    if digest is None:
        return None
    because = f"the channel has a {channel.digest} digest, and this is below {team.urgent}"
    due_at = quiet_until(team, digest) or digest
    return Folded(SummarySort.DIGEST, f"{channel.digest} {_clock(digest)}", due_at, because)


def _stormed(channel: Channel, team: Team, known: Known, now: datetime) -> Folded | None:
    """What is over a cap goes in the summary of the storm; as long as that waits, so does what follows."""
    alone, all_of_it = known.gone.get(channel.name, 0), sum(known.gone.values())
    storm = known.storms.get(channel.name)
    if alone >= channel.most_an_hour:
        because = f"{alone} went to this channel within an hour, and most_an_hour is {channel.most_an_hour}"
    elif all_of_it >= team.most_an_hour:
        because = f"{all_of_it} went to this team within an hour, and most_an_hour is {team.most_an_hour}"
    elif storm is not None:
        because = "a summary of many waits to go on this channel, and this goes with it"
    else:
        return None
    storm = storm or Waiting(SummarySort.STORM, now.isoformat(), now + GATHERING)
    return Folded(storm.sort, storm.key, storm.due_at, because)


def _at_once(alert: AlertRaised, team: Team, *, told: bool, ends: bool, now: datetime) -> str:
    if alert.severity.rank >= team.urgent.rank:
        held = ", quiet hours or not" if quiet_until(team, now) else ""
        return f"it is {alert.severity}, which is urgent{held}"
    if ends and told:
        return "it ends what this channel was told"
    return "nothing holds it"


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"
