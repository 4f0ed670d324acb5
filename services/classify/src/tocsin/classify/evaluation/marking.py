"""Compares what classify says about an item with its label, measure by measure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tocsin.classify.evaluation.corpus import Item, Names, is_relevant
from tocsin.classify.evaluation.tally import Tally, answer, names, yes_or_no
from tocsin.contracts import Category, Classification, Entity, Kind, Role, Severity

KINDS = (Kind.MODEL, Kind.VENDOR, Kind.CHIP)
IF_RELEVANT = ("category", "action", "certainty", "subjects", "jurisdictions", "effective")
MEASURES = ("relevance", "relevant or not", *IF_RELEVANT, "models", "vendors", "chips", "language", "page")
CASES = "page, per case"
ANSWERS = frozenset({"relevant or not", "category", "action", "certainty", "language"})  # one of several


@dataclass(frozen=True)
class Register:
    """The ids behind the names that labels use; a name that the catalogue does not know stands for itself."""

    ids: Mapping[tuple[Kind, str], str]

    @classmethod
    def of(cls, catalogue: Iterable[Entity]) -> "Register":
        """Canonical names before aliases."""
        entities = tuple(catalogue)
        ids = {(entity.kind, alias): entity.id for entity in entities for alias in entity.aliases}
        return cls(ids | {(entity.kind, entity.name): entity.id for entity in entities})

    def known(self, kind: Kind, name: str) -> bool:
        """Whether the catalogue has the name."""
        return (kind, name) in self.ids

    def read(self, kind: Kind, written: Iterable[str]) -> set[str]:
        """The ids of names."""
        return {self.ids.get((kind, name), name) for name in written}


@dataclass(frozen=True)
class Marked:
    """An item, what was said about it, and a tally for each measure that it can be scored on."""

    item: Item
    said: Classification
    tallies: Mapping[str, Tally]

    @property
    def wrong(self) -> list[str]:
        """The measures that are not perfect."""
        return [measure for measure, tally in self.tallies.items() if not tally.perfect]


def mark(item: Item, said: Classification, register: Register) -> Marked:
    """Score one item.

    Doubtful fields have no tally; if relevance is in doubt, only names, language and page have one.
    """
    tallies = {"language": answer(right=said.language == item.origin.language)}
    if "mentioned" not in item.doubt:
        tallies |= {f"{kind}s": _named(kind, item, said, register) for kind in KINDS}
    if "page" not in item.doubt:
        tallies["page"] = yes_or_no(pages(said), item.says.page)
    if "relevance" not in item.doubt:
        tallies["relevance"] = yes_or_no(counts(said), item.relevant)
        tallies["relevant or not"] = answer(right=counts(said) == item.relevant)
        if item.relevant:
            compared = _if_relevant(item, said, register)
            tallies |= {name: compare() for name, compare in compared.items() if name not in item.doubt}
    return Marked(item, said, {name: tallies[name] for name in MEASURES if name in tallies})


def counts(said: Classification) -> bool:
    """Whether a classification calls its notice relevant."""
    subjects = [entity for entity in said.subjects() if entity.kind is not Kind.AUTHORITY]
    return is_relevant(said.category, about_something=bool(subjects))


def pages(said: Classification) -> bool:
    """Whether a classification wakes somebody."""
    return said.severity is Severity.CRITICAL


def topic(category: Category, *, relevant: bool) -> str:
    """The category as rows and columns of the confusion matrix name it."""
    return str(category) if relevant else "not relevant"


def _if_relevant(item: Item, said: Classification, register: Register) -> dict[str, Callable[[], Tally]]:
    label = item.says
    heard = topic(said.category, relevant=counts(said))
    return {
        "category": lambda: answer(right=heard == label.category),
        "action": lambda: answer(right=said.action == label.action),
        "certainty": lambda: answer(right=said.certainty == label.certainty),
        "subjects": lambda: names(_subjects(said), _labelled_subjects(item, register)),
        "jurisdictions": lambda: names(set(said.jurisdictions), set(label.jurisdictions)),
        "effective": lambda: names(_day_said(item, said), _days(label.effective)),
    }


def _named(kind: Kind, item: Item, said: Classification, register: Register) -> Tally:
    heard = {entity.id for entity in said.entities if entity.kind is kind and not entity.inferred}
    written = (*_of(item.subjects, kind), *_of(item.mentioned, kind))
    return names(heard, register.read(kind, written))


def _subjects(said: Classification) -> set[str]:
    return {e.id for e in said.entities if e.role is Role.SUBJECT and e.kind in KINDS}


def _labelled_subjects(item: Item, register: Register) -> set[str]:
    named = [register.read(kind, _of(item.subjects, kind)) for kind in KINDS]
    return set().union(*named, register.read(Kind.VENDOR, item.inferred))


def _of(written: Names, kind: Kind) -> tuple[str, ...]:
    by_kind = {Kind.MODEL: written.models, Kind.VENDOR: written.vendors, Kind.CHIP: written.chips}
    return by_kind[kind]


def _day_said(item: Item, said: Classification) -> set[str]:
    """The date that is claimed. "At once" and "today" are the day of the notice, which labels leave out."""
    day = said.effective_at.date() if said.effective_at else None
    unlabelled = item.says.effective is None and day == item.origin.published
    return set() if unlabelled else _days(day)


def _days(day: date | None) -> set[str]:
    return {day.isoformat()} if day else set()
