"""The figures of a run over the corpus: by measure, by part of it, and what is taken for what."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tocsin.classify.classify import classify
from tocsin.classify.evaluation.corpus import Item
from tocsin.classify.evaluation.marking import CASES, MEASURES, Marked, Register, counts, mark, pages, topic
from tocsin.classify.evaluation.tally import Tally, interval, total, yes_or_no
from tocsin.classify.knowledge import Knowledge
from tocsin.contracts import Category, Entity

TOPICS = (*(str(c) for c in Category if c is not Category.NOT_REGULATORY), "not relevant")
SLICES: dict[str, Callable[[Item], str]] = {
    "language": lambda item: item.origin.language,
    "genre": lambda item: item.origin.genre,
    "trap": lambda item: item.trap or "none",
}


@dataclass(frozen=True)
class Figure:
    """One measure over some items: the sum, and the 95% interval of its F1 by event."""

    measure: str
    tally: Tally
    low: float
    high: float


def run(items: Iterable[Item], knowledge: Knowledge, catalogue: Iterable[Entity]) -> list[Marked]:
    """Classify every item and mark what was said."""
    register = Register.of(catalogue)
    return [mark(item, classify(item.notice(), knowledge), register) for item in items]


def figures(marked: Sequence[Marked], measures: Sequence[str] = (*MEASURES, CASES)) -> list[Figure]:
    """The measures, in the order given; those that no item could be scored on are left out."""
    by_measure = defaultdict(list)
    for event in _events(marked):
        for measure, tally in _sums(event).items():
            by_measure[measure].append(tally)
    return [
        Figure(measure, total(by_measure[measure]), *interval(by_measure[measure]))
        for measure in measures
        if by_measure[measure]
    ]


def slices(marked: Sequence[Marked], of: Callable[[Item], str]) -> dict[str, list[Marked]]:
    """The items by language, genre or trap, the most frequent first."""
    found: dict[str, list[Marked]] = defaultdict(list)
    for one in marked:
        found[of(one.item)].append(one)
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def confusion(marked: Iterable[Marked]) -> Counter[tuple[str, str]]:
    """How often a category (first) was taken for a category (second); doubtful items left out."""
    return Counter(
        (
            topic(one.item.says.category, relevant=one.item.relevant),
            topic(one.said.category, relevant=counts(one.said)),
        )
        for one in marked
        if not one.item.doubt & {"relevance", "category"}
        or ("relevance" not in one.item.doubt and not one.item.relevant)
    )


def _events(marked: Iterable[Marked]) -> list[list[Marked]]:
    events: dict[str, list[Marked]] = defaultdict(list)
    for one in marked:
        events[one.item.happening].append(one)
    return list(events.values())


def _sums(event: Sequence[Marked]) -> dict[str, Tally]:
    tallies: dict[str, list[Tally]] = defaultdict(list)
    for one in event:
        for measure, tally in one.tallies.items():
            tallies[measure].append(tally)
    return {measure: total(found) for measure, found in tallies.items()} | _case(event)


def _case(event: Sequence[Marked]) -> dict[str, Tally]:
    """A case pages once, whichever of its notices it is that does."""
    scored = [one for one in event if "page" in one.tallies]
    if not scored:
        return {}
    return {
        CASES: yes_or_no(any(pages(one.said) for one in scored), any(one.item.says.page for one in scored))
    }
