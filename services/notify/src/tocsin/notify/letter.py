"""A letter: an alert laid out in the three parts that every channel prints, in plain text."""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.contracts import AlertRaised, Quote
from tocsin.notify.wording import utc


@dataclass(frozen=True)
class Section:
    """One part of an alert: a heading and its lines."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """What a person reads, before a channel dresses it."""

    subject: str
    byline: str
    sections: tuple[Section, ...]


def write(alert: AlertRaised, team_name: str) -> Letter:
    """Lay an alert out: what happened, why it matters to this team, what to watch next."""
    return Letter(
        subject=f"{alert.severity.upper()} · {alert.headline}",
        byline=f"{alert.provenance} · case {alert.case_ref} · step {alert.step}",
        sections=(
            Section("What happened", (alert.happened, *(line for q in alert.quotes for line in _quoted(q)))),
            Section(f"Why it matters to {team_name}", _why(alert)),
            Section("What to watch next", _next(alert)),
        ),
    )


def as_text(letter: Letter) -> str:
    """The letter for a terminal, a log or a text mail."""
    parts = [letter.subject, letter.byline]
    for section in letter.sections:
        parts += ["", section.heading, *(f"  {line}" for line in section.lines)]
    return "\n".join(parts)


def _quoted(quote: Quote) -> Sequence[str]:
    published = f"{utc(quote.published_at)}, " if quote.published_at else ""
    source = (
        f"{quote.source} ({quote.tier}) · {published}seen {utc(quote.seen_at)} · sha256 {quote.sha256[:12]}"
    )
    return (f"“{quote.text}”", f"  {source}", *([f"  {quote.url}"] if quote.url else []))


def _why(alert: AlertRaised) -> tuple[str, ...]:
    lines = [reason.because for reason in alert.reasons]
    lines.append(f"Hit and yours: {', '.join(ref.name for ref in alert.concerns)}.")
    if alert.unaffected:
        lines.append(f"Named, not hit, and yours: {', '.join(ref.name for ref in alert.unaffected)}.")
    return tuple(lines)


def _next(alert: AlertRaised) -> tuple[str, ...]:
    case = [f"The whole case: {alert.case_url}"] if alert.case_url else []
    return (" · ".join(alert.watch_next) or "nothing is open on this case", *case)
