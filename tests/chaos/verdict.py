"""The verdict: from what went in and what came out to what was lost, doubled and out of order. Pure."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from tocsin.contracts import StepKind

H = TypeVar("H", bound=Hashable)

FIRST, SECOND = StepKind.OPENED.value, StepKind.LIFTED.value


class Step(NamedTuple):
    """One thing to be told: a measure is first imposed, then lifted."""

    measure: str
    kind: str


class Told(NamedTuple):
    """One alert, by notify's rows or on the alerts topic."""

    step: Step
    id: str


class Arrival(NamedTuple):
    """One message at a receiver; ``taken`` says that it answered 2xx, or was about to."""

    step: Step
    channel: str
    id: str  # webhook-id
    taken: bool
    at: float


@dataclass(frozen=True)
class Evidence:
    """What one run went by. Sequences are in the order in which things happened."""

    accepted: Sequence[Step]  # ingest answered 202
    raised: Sequence[Told]
    published: Sequence[Told]
    arrived: Sequence[Arrival]
    channels: Sequence[str]
    poison: Sequence[str]  # keys of records that nobody can process
    buried: Sequence[str]  # keys on the dead-letter topics


@dataclass(frozen=True)
class Verdict:
    """What is wrong, each in words, and how often a message came again under its own id."""

    lost: Sequence[str]
    doubled: Sequence[str]
    disordered: Sequence[str]
    unburied: Sequence[str]
    wrongly_buried: Sequence[str]
    repeats: int

    @property
    def complaints(self) -> list[str]:
        """Every violation; none when all promises were kept."""
        return [f"{name}: {what}" for name, many in self._lists.items() for what in many]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each, and the repeats, which are none."""
        return {name: len(many) for name, many in self._lists.items()} | {"repeats": self.repeats}

    @property
    def _lists(self) -> dict[str, Sequence[str]]:
        return {
            "lost": self.lost,
            "with a new id": self.doubled,
            "out of order": self.disordered,
            "poison lost": self.unburied,
            "wrongly buried": self.wrongly_buried,
        }


def judge(evidence: Evidence) -> Verdict:
    """Compare what came out with what went in."""
    return Verdict(
        lost=_lost(evidence),
        doubled=_doubled(evidence),
        disordered=[*_disordered("rows", evidence.raised), *_disordered("topic", evidence.published)],
        unburied=[key for key in evidence.poison if key not in evidence.buried],
        wrongly_buried=[key for key in evidence.buried if key not in evidence.poison],
        repeats=_repeats(evidence.arrived),
    )


def _lost(evidence: Evidence) -> list[str]:
    """What was accepted and is missing from the rows, from the topic, or at a receiver."""
    places = {"rows": {told.step for told in evidence.raised}}
    places["topic"] = {told.step for told in evidence.published}
    for channel in evidence.channels:
        places[channel] = {one.step for one in evidence.arrived if one.channel == channel and one.taken}
    return [
        f"{step.measure} {step.kind} is missing: {place}"
        for step in evidence.accepted
        for place, there in places.items()
        if step not in there
    ]


def _doubled(evidence: Evidence) -> list[str]:
    """What was told under more than one id, or although nobody said so."""
    ids: dict[tuple[Step, str], set[str]] = defaultdict(set)
    for place, told in (("rows", evidence.raised), ("topic", evidence.published)):
        for one in told:
            ids[one.step, place].add(one.id)
    for arrival in evidence.arrived:
        ids[arrival.step, arrival.channel].add(arrival.id)
    several = [
        f"{step.measure} {step.kind} has {len(names)} ids: {place}"
        for (step, place), names in ids.items()
        if len(names) > 1
    ]
    known = set(evidence.accepted)
    return several + [f"nobody said {s.measure} {s.kind}: {place}" for s, place in ids if s not in known]


def _disordered(place: str, told: Sequence[Told]) -> list[str]:
    """Measures whose lift came before their beginning; repeats come later and do not count."""
    position = {step: number for number, step in enumerate(_first(one.step for one in told))}
    return [
        f"{step.measure} was {SECOND} before it was {FIRST}: {place}"
        for step in position
        if step.kind == SECOND and position.get(Step(step.measure, FIRST), len(position)) > position[step]
    ]


def _first(items: Iterable[H]) -> list[H]:
    return list(dict.fromkeys(items))


def _repeats(arrived: Sequence[Arrival]) -> int:
    """Messages that a receiver had taken already, under the same id."""
    taken = Counter(one.id for one in arrived if one.taken)
    return sum(count - 1 for count in taken.values())
