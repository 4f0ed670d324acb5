"""The faults: what can go wrong, for how long, and how a seed draws them."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.chaos.proxy import Line
from tests.chaos.receivers import SHAKY, Manner
from tests.chaos.scene import Scene
from tocsin.cli.stack import SERVICES

KAFKA = "kafka"
ENGINES = (KAFKA, "postgres")

Deed = Callable[[Scene, str], None]


@dataclass(frozen=True)
class Kind:
    """One way to fail: what is done to a target, and what ends it after between ``lasts`` seconds."""

    name: str
    lasts: tuple[float, float]
    do: Deed
    undo: Deed


@dataclass(frozen=True)
class Fault:
    """One fault of a run: its kind and target, and when it begins and ends, in seconds from the start."""

    kind: Kind
    target: str
    begins: float
    ends: float

    def __str__(self) -> str:
        return f"{self.begins:6.1f} s  {self.kind.name} {self.target} for {self.ends - self.begins:.1f} s"


CRASH = Kind("kill -9 and back", (0.0, 0.5), Scene.kill, Scene.start)
STOP = Kind("SIGTERM", (0.5, 4.0), Scene.terminate, Scene.start)
OF_SERVICES = (
    CRASH,
    Kind("kill -9", (8.5, 11.0), Scene.kill, Scene.start),  # longer than Kafka's session: 6 s
    STOP,
    Kind("SIGSTOP", (7.0, 11.0), Scene.freeze, Scene.thaw),
)
OF_ENGINES = (
    Kind("kill -9", (0.5, 6.0), Scene.kill_engine, Scene.start_engine),
    Kind("clean stop", (0.5, 6.0), Scene.stop_engine, Scene.start_engine),
    Kind(
        "stalled line",
        (3.0, 9.0),
        lambda scene, name: scene.turn(name, Line.STALLED),
        lambda scene, name: scene.turn(name, Line.UP),
    ),
    Kind(
        "cut line",
        (0.5, 5.0),
        lambda scene, name: scene.turn(name, Line.CUT),
        lambda scene, name: scene.turn(name, Line.UP),
    ),
)


def _manner(manner: Manner) -> Kind:
    return Kind(
        manner.value,
        (2.0, 4.0),
        lambda scene, _: scene.behave(manner),
        lambda scene, _: scene.behave(Manner.FINE),
    )


OF_RECEIVERS = tuple(_manner(manner) for manner in Manner if manner is not Manner.FINE)


@dataclass(frozen=True)
class Lane:
    """Targets of which one at a time is hit; lanes run side by side. ``rest`` is the pause in between."""

    targets: tuple[str, ...]
    kinds: tuple[Kind, ...]
    rest: tuple[float, float]


def lane(service: str, kinds: tuple[Kind, ...], rest: tuple[float, float]) -> Lane:
    """The lane of a service: one of its two replicas at a time."""
    return Lane((service, f"{service}.2"), kinds, rest)


LANES: Mapping[str, Lane] = {
    **{service: lane(service, OF_SERVICES, (3.0, 5.0)) for service in SERVICES},
    "engines": Lane(ENGINES, OF_ENGINES, (3.0, 6.0)),
    "receivers": Lane((SHAKY,), OF_RECEIVERS, (3.0, 6.0)),
}


def draw(seed: int, count: int, lanes: Mapping[str, Lane] = LANES) -> list[Fault]:
    """So many faults in the order of their beginning; the same ones for the same seed."""
    chance = random.Random(seed)
    free = {name: chance.uniform(*lane.rest) for name, lane in lanes.items()}
    faults = []
    for _ in range(count):
        name = min(free, key=lambda one: free[one])
        own = lanes[name]
        kind, begins = chance.choice(own.kinds), free[name]
        ends = begins + chance.uniform(*kind.lasts)
        faults.append(Fault(kind, chance.choice(own.targets), begins, ends))
        free[name] = ends + chance.uniform(*own.rest)
    return sorted(faults, key=lambda fault: fault.begins)
