"""Matching one step against watches, up to a million of them: time, memory, and what a change of teams costs.

Watches are made up over a catalogue of 10,000 entities: what is watched is drawn by Zipf's law, so that a few
names are watched by very many, and steps are drawn evenly. ``find`` gives the teams, ``route`` their reasons,
too, which takes a few microseconds for each team that is told. The rival asks every watch of every team.

    make bench-matching
    .venv/bin/python -m bench.matching 100000      # so many watches alone
"""

import asyncio
import gc
import itertools
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import machine
from bench.pauses import longest_pause
from tocsin.chassis import logs
from tocsin.classify import load_catalogue
from tocsin.contracts import (
    Category,
    Entity,
    Kind,
    Mention,
    NoticeClassified,
    Role,
    Severity,
    SourceRef,
    Tier,
)
from tocsin.notify.cases.filing import Development, open_case
from tocsin.notify.directory import compile_standing
from tocsin.notify.routing.matching import match
from tocsin.notify.routing.route import route
from tocsin.notify.standing import Standing

SIZES = (1, 10_000, 100_000, 1_000_000)
ENTITIES = 10_000
A_TEAM = 5  # watches
STEPS = 2_000
SCANNED = 3_000_000  # watches that the rival is asked, at most, in all
SEED = 11
GROUNDS = [one for one in Category if one is not Category.NOT_REGULATORY]
PLACES = ("US", "EU", "GB", "CN", "JP", "KR", "IN", "CA", "FR", "DE")
AT = datetime(2026, 6, 12, 22, 0, tzinfo=UTC)
HEADS = (
    "watches",
    "teams",
    "find p50",
    "p99",
    "route p50",
    "p99",
    "told p50",
    "p99",
    "scan p50",
    "MB",
    "rebuild",
    "pause",
)


class Drawn:
    """Things drawn by Zipf's law, in an order of their own."""

    def __init__(self, things: Sequence[str], chance: random.Random) -> None:
        self._things = chance.sample(things, len(things))
        self._weights = list(itertools.accumulate(1 / rank for rank in range(1, len(things) + 1)))
        self._chance = chance

    def draw(self, count: int = 1) -> list[str]:
        return list(dict.fromkeys(self._chance.choices(self._things, cum_weights=self._weights, k=count)))


def main() -> None:
    logs.configure("bench", level="critical", fmt="console")
    if len(sys.argv) > 1:
        print(asyncio.run(measure(int(sys.argv[1]))))
        return
    print(machine.describe())
    print(f"{ENTITIES} entities; milliseconds, but rebuild in seconds; {STEPS} steps a line")
    print("".join(f"{head:>10}" for head in HEADS))
    for size in SIZES:  # in a process each, so that memory is its own
        subprocess.run([sys.executable, "-m", "bench.matching", str(size)], check=True)


async def measure(size: int) -> str:
    """One line of the table."""
    chance = random.Random(SEED)
    entities = catalogue()
    rows = list(declared(size, entities, chance))
    news = [step(entity, chance) for entity in chance.choices(entities, k=STEPS) if entity.vendor]
    before = _resident()
    began = time.perf_counter()
    standing = compile_standing(rows, entities, ())
    took, held = time.perf_counter() - began, _resident() - before
    names, index = standing.names, standing.subscribers
    found = _timed(news, lambda one: index.matched(one, (), names))
    routed = _timed(news, lambda one: route(one, index, {}, names))
    told = sorted(len(route(one, index, {}, names)) for one in news)
    scanned = _timed(news[: max(3, min(200, SCANNED // size))], lambda one: scan(one, standing))
    pause = await longest_pause(asyncio.to_thread(compile_standing, rows, entities, ()))
    figures = (*_ends(found), *_ends(routed))
    return (
        f"{size:>10}{len(rows):>10}"
        + "".join(f"{figure * 1000:>10.3f}" for figure in figures)
        + f"{told[len(told) // 2]:>10}{told[len(told) * 99 // 100]:>10}"
        + f"{statistics.median(scanned) * 1000:>10.3f}{held / 1e6:>10.0f}{took:>10.2f}{pause * 1000:>10.1f}"
    )


def scan(news: Development, standing: Standing) -> list[str]:
    """The rival: each watch of each team is asked."""
    about, names = news.step.subjects, standing.names
    return [
        one.team
        for one in standing.subscribers
        if any(match(matcher.condition, news, about, names) is not None for matcher in one.matchers)
    ]


def catalogue() -> list[Entity]:
    """The shipped one, grown by made-up families of ten models each, a vendor to every fifty."""
    shipped = [entity for entity in load_catalogue() if entity.kind is not Kind.AUTHORITY]
    made: list[Entity] = []
    for n in itertools.count():
        if len(shipped) + len(made) >= ENTITIES:
            return shipped + made
        vendor, family = f"vendor:bench-{n // 50}", f"Velorum {n // 10}"
        if n % 50 == 0:
            made.append(Entity(id=vendor, kind=Kind.VENDOR, name=f"Velor {n // 50}"))
        if n % 10 == 0:
            made.append(Entity(id=f"model:velorum-{n // 10}", kind=Kind.MODEL, name=family, vendor=vendor))
        name = f"{family}.{n % 10}"
        made.append(
            Entity(id=f"model:velorum-{n}-x", kind=Kind.MODEL, name=name, vendor=vendor, family=family)
        )
    raise AssertionError("counting has no end")


def declared(size: int, entities: Sequence[Entity], chance: random.Random) -> Iterator[dict[str, Any]]:
    """Teams of five watches each, as rows."""
    by_kind: dict[Kind, Drawn] = {
        kind: Drawn([e.id for e in entities if e.kind is kind], chance)
        for kind in Kind
        if kind is not Kind.AUTHORITY
    }
    families = Drawn(sorted({e.family for e in entities if e.family}), chance)
    for number in range(0, size, A_TEAM):
        watches = [
            {"name": f"watch {place}"} | _watch(by_kind, families, chance)
            for place in range(min(A_TEAM, size - number))
        ]
        yield {"id": f"team-{number}", "name": f"Team {number}", "watches": watches}


def _watch(by_kind: dict[Kind, Drawn], families: Drawn, chance: random.Random) -> dict[str, Any]:
    """Models in most, then families, vendors for one ground, chips, and grounds in one jurisdiction."""
    severity = {"min_severity": chance.choice(("low", "low", "medium", "high", "critical"))}
    sort = chance.random()
    if sort < 0.65:  # noqa: PLR2004 # the mix that the sentence above tells of
        return severity | {"models": by_kind[Kind.MODEL].draw(chance.randint(1, 3))}
    if sort < 0.85:  # noqa: PLR2004 # the same
        other = {"not": {"categories": ["guidance"]}} if chance.random() < 0.5 else {}  # noqa: PLR2004 # half
        return severity | {"families": families.draw()} | other
    if sort < 0.92:  # noqa: PLR2004 # the same
        return severity | {"vendors": by_kind[Kind.VENDOR].draw(), "categories": [chance.choice(GROUNDS)]}
    if sort < 0.98:  # noqa: PLR2004 # the same
        return severity | {"chips": by_kind[Kind.CHIP].draw()}
    return {
        "min_severity": "critical",
        "categories": [chance.choice(GROUNDS)],
        "jurisdictions": [chance.choice(PLACES)],
    }


def step(entity: Entity, chance: random.Random) -> Development:
    """An official restriction of one thing, its maker included, as the first step of a case."""
    assert entity.vendor is not None
    mentions = (
        Mention(id=entity.id, name=entity.name, kind=entity.kind, role=Role.SUBJECT),
        Mention(id=entity.vendor, name="its maker", kind=Kind.VENDOR, role=Role.SUBJECT, inferred=True),
    )
    fact = NoticeClassified.model_validate(
        {
            "id": f"n-{entity.id}",
            "notice": {
                "id": f"n-{entity.id}",
                "document_id": f"d-{entity.id}",
                "revision": 1,
                "source": SourceRef(id="bench", name="Bench", tier=Tier.OFFICIAL, kind="feed"),
                "title": f"On {entity.name}",
                "text": "It took effect at once.",
                "url": None,
                "published_at": AT,
                "first_seen_at": AT,
                "content_sha256": "0" * 64,
            },
            "classification": {
                "category": chance.choice(GROUNDS),
                "action": "imposed",
                "certainty": "official",
                "severity": chance.choice(list(Severity)),
                "entities": mentions,
                "jurisdictions": (chance.choice(PLACES),),
            },
            "rules_version": "bench",
            "classified_at": AT,
        }
    )
    opened = open_case(fact)
    assert opened is not None
    return Development(fact=fact, case=opened[0], step=opened[1])


def _timed(news: Sequence[Development], decide: Callable[[Development], object]) -> list[float]:
    spent = []
    for one in news:
        began = time.perf_counter()
        decide(one)
        spent.append(time.perf_counter() - began)
    return sorted(spent)


def _ends(spent: Sequence[float]) -> tuple[float, float]:
    return statistics.median(spent), spent[len(spent) * 99 // 100]


def _resident() -> int:
    """Bytes of memory of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
