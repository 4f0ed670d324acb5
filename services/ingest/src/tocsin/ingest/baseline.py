"""What is usual for one source: rolling figures, learnt from its own past."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tocsin.ingest.figures import READ, Figures

HOUR, DAY = 3_600.0, 86_400.0
HALF_LIFE = 7 * DAY  # of a figure
GAP_HALF_LIFE = 30 * DAY  # of the longest time without news

ENOUGH = 3  # documents, before any can be called unusual
ENOUGH_GAPS = 5
TOLERATED = {READ: 0.2}  # fall of a share; of all others:
TOLERATED_ELSE = 0.5
SIZE_FACTOR = 5.0  # of the bytes an entry takes
FEWER_FACTOR = 10.0  # of the number of entries

WEEKENDS_SEEN = 14 * DAY  # until then a source may be one that rests on some days
REST = 4 * DAY
SHORTEST_LATE = 6 * HOUR
SHORTEST_STALE = 30 * DAY


@dataclass(frozen=True)
class Baseline:
    """Times are POSIX seconds, spans seconds: it is kept as JSON in the source's row."""

    since: float = 0.0  # known from then on; the first document's dates count
    documents: int = 0  # with entries, that were measured
    measured_at: float = 0.0
    entries: float = 0.0  # in a document
    size: float = 0.0  # bytes an entry
    shares: Mapping[str, float] = field(default_factory=dict)
    language: str | None = None
    new_at: float = 0.0  # when something new last came
    gaps: int = 0  # times between news that are known
    gap: float = 0.0  # the longest of them, fading
    empty_since: float | None = None
    longest_empty: float = 0.0  # of the spells that ended by themselves


def begun(now: float) -> Baseline:
    """Nothing is known yet."""
    return Baseline(since=now, new_at=now)


def drift(known: Baseline, figures: Figures) -> str | None:
    """How a document is not as this source's are, in words; None when it is, or too little is known."""
    if known.documents < ENOUGH:
        return None
    for words, share in figures.shares.items():
        usual = known.shares.get(words, share)
        if usual - share > TOLERATED.get(words, TOLERATED_ELSE):
            return f"{share:.0%} of its entries are {words}; usual is {usual:.0%}".replace(
                "are with", "come with"
            )
    if figures.language and known.language and figures.language != known.language:
        return f"its language is {figures.language!r}; usual is {known.language!r}"
    each = figures.size / figures.entries
    if not known.size / SIZE_FACTOR <= each <= known.size * SIZE_FACTOR:
        return f"an entry takes {each:.0f} bytes; usual is {known.size:.0f}"
    if figures.entries < known.entries / FEWER_FACTOR:
        return f"it holds {figures.entries} entries; usual is {known.entries:.0f}"
    return None


def late_after(known: Baseline, now: float) -> float:
    """Seconds without news that are longer than this source's own rhythm explains."""
    if known.gaps < ENOUGH_GAPS:
        return SHORTEST_STALE
    rest = SHORTEST_LATE if now - known.since >= WEEKENDS_SEEN else REST
    return max(2 * known.gap, rest)


def stale_after(known: Baseline) -> float:
    """Seconds without news after which a source is presumably kept up no more."""
    return max(4 * known.gap, SHORTEST_STALE)


def with_document(known: Baseline, figures: Figures, now: float) -> Baseline:
    """What is usual, this document counted in: an average at first, then one that fades by time."""
    weight: float = max(1 / (known.documents + 1), 1 - 0.5 ** ((now - known.measured_at) / HALF_LIFE))

    def mixed(old: float, new: float) -> float:
        return old + weight * (new - old)

    shares = {words: mixed(known.shares.get(words, share), share) for words, share in figures.shares.items()}
    return replace(
        known,
        documents=known.documents + 1,
        measured_at=now,
        entries=mixed(known.entries, figures.entries),
        size=mixed(known.size, figures.size / figures.entries),
        shares={**known.shares, **shares},
        language=figures.language or known.language,
    )


def with_dates(known: Baseline, dates: tuple[float, ...]) -> Baseline:
    """A first document's own dates tell the rhythm, and whether it has long been dead."""
    if not dates:
        return known
    for earlier, later in pairwise(dates):
        if later > earlier:
            known = _with_gap(known, later - earlier)
    return replace(known, since=min(known.since, dates[0]), new_at=dates[-1])


def with_news(known: Baseline, now: float) -> Baseline:
    """Something new has come."""
    return replace(_with_gap(known, max(0.0, now - known.new_at)), new_at=now)


def with_emptiness(known: Baseline, now: float, *, empty: bool) -> Baseline:
    """How long the source has been empty, and how long it has been before."""
    if empty:
        return known if known.empty_since is not None else replace(known, empty_since=now)
    if known.empty_since is None:
        return known
    return replace(known, empty_since=None, longest_empty=max(known.longest_empty, now - known.empty_since))


def _with_gap(known: Baseline, gap: float) -> Baseline:
    faded = known.gap * 0.5 ** (gap / GAP_HALF_LIFE)
    return replace(known, gaps=known.gaps + 1, gap=max(gap, faded))
