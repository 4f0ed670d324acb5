"""A letter: an alert laid out in the three parts that every channel prints, in plain text."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tocsin.contracts import AlertRaised, AlertsSummarised, Quote, StepKind, SummarisedAlert
from tocsin.notify.channels import Message, Sendable
from tocsin.notify.line import line
from tocsin.notify.wording import utc

MORE = "…"
LONGEST_OUTSIDE = 500  # characters of what others wrote, on one line
OPEN = "Open the case"
SEE_ALL = "See all of them"
ACKNOWLEDGE = "Acknowledge"
CLOCK = "00:00 UTC"  # the end of a printed time

# What has become of the team's own; hit, by every other kind of step.
YOURS = {
    StepKind.EASED: "Eased and yours",
    StepKind.LIFTED: "Free again and yours",
    StepKind.DENIED: "Not hit after all and yours",
}


@dataclass(frozen=True)
class Section:
    """One part of an alert: a heading and its lines; one that is indented belongs to the line before it."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """What a person reads, before a channel dresses it.

    Subject and byline answer what, since when, how sure; the sections why me and what now. ``link`` is ours.
    """

    subject: str
    byline: tuple[str, ...]
    sections: tuple[Section, ...]
    link: str | None
    acknowledge: str | None = None  # opens the alert to whoever has it
    link_text: str = OPEN


def write(alert: AlertRaised, team_name: str, acknowledge: str | None = None) -> Letter:
    """Lay an alert out: what happened, why it matters to this team, what to watch next."""
    return Letter(
        subject=f"{alert.severity.upper()} · {alert.headline}",
        byline=(
            _since(alert),
            _sentence(alert.provenance),
            f"Case {alert.case_ref} · step {alert.step}",
        ),
        sections=(
            Section("What happened", _happened(alert)),
            Section(f"Why it matters to {team_name}", _why(alert)),
            Section("What to watch next", _next(alert)),
        ),
        link=alert.case_url,
        acknowledge=acknowledge,
    )


def sum_up(told: AlertsSummarised, team_name: str) -> Letter:
    """Lay a summary out: a line for each alert that it names, and where it and its case are."""
    alerts = tuple(part for one in told.items for part in _item(one))
    more = (f"And {told.more} more.",) if told.more else ()
    said = tuple(line(one, LONGEST_OUTSIDE) for one in told.lines)
    sections = [
        Section("What happened", said) if said else None,
        Section(f"Alerts for {team_name}", alerts + more) if alerts else None,
    ]
    return Letter(
        subject=f"{told.severity.upper()} · {told.headline}",
        byline=(f"From {utc(told.since)} to {utc(told.until)}",),
        sections=tuple(filter(None, sections)),
        link=told.url,
        link_text=SEE_ALL,
    )


def letter_of(message: Sendable) -> Letter:
    """The letter of whatever a channel is to send."""
    if isinstance(message, Message):
        return write(message.alert, message.team, message.acknowledge_url)
    return sum_up(message.told, message.team)


def as_text(letter: Letter) -> str:
    """The letter for a terminal, a log or a text mail."""
    parts = [letter.subject, *letter.byline]
    for section in letter.sections:
        parts += ["", section.heading, *(f"  {one}" for one in section.lines)]
    links = {letter.link_text: letter.link, ACKNOWLEDGE: letter.acknowledge}
    if lines := [f"{what}: {where}" for what, where in links.items() if where]:
        parts += ["", *lines]
    return "\n".join(parts)


def within(lines: Sequence[str], most: int, size: Callable[[str], int] = len) -> tuple[str, ...]:
    """As many of the lines as fit; the first that does not is cut with `…`.

    ``most`` counts what ``size`` measures, the breaks between the lines included.
    """
    kept: list[str] = []
    left = most
    for one in lines:
        rest = one
        while rest and size(rest + MORE) > left:
            rest = rest[: len(rest) * 3 // 4]
        if rest != one or size("") > left:
            cut = rest + MORE
            return (*kept, cut) if size(cut) <= left else tuple(kept)
        kept.append(one)
        left -= size(one) + 1
    return tuple(kept)


def _item(one: SummarisedAlert) -> Iterator[str]:
    yield f"{one.severity.upper()} · {one.headline}"
    yield f"  {one.case_ref} · {one.kind.replace('_', ' ')} · {utc(one.raised_at)}"
    if one.case_url:
        yield f"  {one.case_url}"


def _since(alert: AlertRaised) -> str:
    first = alert.quotes[0]
    return f"Published {utc(first.published_at)}" if first.published_at else f"Seen {utc(first.seen_at)}"


def _happened(alert: AlertRaised) -> tuple[str, ...]:
    left = ", ".join(ref.name for ref in alert.still_hit)
    ended = alert.kind in {StepKind.LIFTED, StepKind.DENIED}
    rest = [f"Not so for {left}: still hit."] if left and ended else []
    quoted = [one for _, told in groupby(alert.quotes, key=_notice) for one in _quoted(list(told))]
    return (alert.happened, *rest, *quoted)


def _notice(quote: Quote) -> str:
    return quote.notice_id


def _quoted(quotes: Sequence[Quote]) -> Iterator[str]:
    """What one notice says, and where it says so."""
    yield from (f"“{line(quote.text, LONGEST_OUTSIDE)}”" for quote in quotes)
    told = quotes[0]
    yield f"  {told.source} ({told.tier}) · {_times(told)} · sha256 {told.sha256[:12]}"
    if told.url:
        yield f"  {line(told.url, LONGEST_OUTSIDE)}"


def _times(quote: Quote) -> str:
    seen = utc(quote.seen_at)
    if quote.published_at is None:
        return f"seen {seen}"
    day, published = utc(quote.published_at)[: -len(CLOCK)], utc(quote.published_at)
    return f"{published}, seen {seen.removeprefix(day)}"


def _why(alert: AlertRaised) -> tuple[str, ...]:
    lines = [reason.because for reason in alert.reasons]
    what = YOURS.get(alert.kind, "Hit and yours")
    lines.append(f"{what}: {', '.join(ref.name for ref in alert.concerns)}.")
    if alert.unaffected:
        lines.append(f"Named, not hit, and yours: {', '.join(ref.name for ref in alert.unaffected)}.")
    return tuple(lines)


def _next(alert: AlertRaised) -> tuple[str, ...]:
    return tuple(map(_sentence, alert.watch_next or ("nothing is open on this case",)))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
