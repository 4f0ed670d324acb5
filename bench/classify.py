"""CPU time that classify() takes for a notice, beside a list of keywords; for hostile texts; at a swap.

Runs over the labelled and everyday notices beside the repository (``../shared``) where they are, else over
the project's own corpus and edits of its everyday texts.

    make bench-classify
    .venv/bin/python -m bench.classify 1000        # so many everyday notices
"""

import asyncio
import json
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from bench import hostile, machine
from bench.pauses import longest_pause
from tocsin.chassis import logs
from tocsin.classify import Knowledge, classify, load_catalogue, load_rules
from tocsin.classify.batch import BadItem, read_item
from tocsin.classify.evaluation.corpus import load_corpus
from tocsin.classify.library import Library
from tocsin.classify.matching import surface_names
from tocsin.classify.rules.rule import Rules
from tocsin.contracts import Category, Entity, Kind, NoticePublished, Tier

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
CORPUS = ROOT / "services" / "classify" / "corpus"
MANY = 10_000  # entities
KEYWORD_NOTICES = 300  # a list of keywords takes its time
SEED = 7
SWAP_SECONDS = 0.5  # about as long as one takes

Decide = Callable[[NoticePublished], object]


def main(everyday: int) -> None:
    logs.configure("bench", level="critical", fmt="console")
    print(machine.describe())
    labelled, noise = _labelled(), list(islice(_noise(), everyday))
    notices = labelled + noise
    random.Random(SEED).shuffle(notices)
    print(f"{len(labelled)} labelled and {len(noise)} everyday notices, in CPU time of one thread")
    rules, shipped = load_rules(), load_catalogue()
    many = _grown(shipped)
    print(f"{'microseconds a notice':40}{'mean':>8}{'p50':>8}{'p99':>8}{'worst':>8}")
    for entities in (shipped, many):
        knowledge = Knowledge.of(entities, rules)
        _line(f"classify, {len(entities)} entities", notices, partial(classify, knowledge=knowledge))
    keywords = _keywords(shipped, rules)
    _line(
        "a list of keywords, the same names", notices[:KEYWORD_NOTICES], partial(_spotted, keywords=keywords)
    )
    print("\nOf texts of one megabyte, seconds each, in the tier that takes longest")
    _hostile(labelled[0], Knowledge.of(shipped, rules), shipped)
    print("\nA new catalogue while the service runs, three times: longest pause of the event loop")
    asyncio.run(_swaps(rules, shipped, many, notices))


def _line(name: str, notices: Sequence[NoticePublished], decide: Decide) -> None:
    decide(notices[0])  # the first builds what is built once
    spent = [_cpu_seconds(decide, notice) * 1e6 for notice in notices]
    cuts = statistics.quantiles(spent, n=100, method="inclusive")
    print(f"{name:40}{statistics.mean(spent):8.0f}{cuts[49]:8.0f}{cuts[98]:8.0f}{max(spent):8.0f}")


def _cpu_seconds(decide: Decide, notice: NoticePublished) -> float:
    began = time.thread_time()
    decide(notice)
    return time.thread_time() - began


def _keywords(entities: Sequence[Entity], rules: Rules) -> re.Pattern[str]:
    """One alternation of every name and of every word that a rule needs: what one would write in an hour."""
    names = {name for entity in entities for name in surface_names(entity)}
    needed = {word for rule in rules.rules for phrase in rule.phrases for one in phrase.needs for word in one}
    words = sorted(names | {word for word in needed if not word.isupper()}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})", re.IGNORECASE)


def _spotted(notice: NoticePublished, keywords: re.Pattern[str]) -> list[str]:
    return keywords.findall(f"{notice.title}\n{notice.text}")


def _hostile(notice: NoticePublished, knowledge: Knowledge, entities: Sequence[Entity]) -> None:
    names = [entity.name for entity in entities]
    for attack, text in hostile.texts(names):
        made = notice.model_copy(
            update={"title": text[:1000], "text": text}
        )  # longer than the contract lets in
        decide = partial(classify, knowledge=knowledge)
        seconds = max(_cpu_seconds(decide, _of_tier(made, tier)) for tier in Tier)
        print(f"{attack:44}{len(text):12,} characters{seconds:8.3f}")


def _of_tier(notice: NoticePublished, tier: Tier) -> NoticePublished:
    return notice.model_copy(update={"source": notice.source.model_copy(update={"tier": tier})})


async def _swaps(
    rules: Rules, shipped: Sequence[Entity], many: Sequence[Entity], notices: Sequence[NoticePublished]
) -> None:
    library = Library(rules, _broken)
    library.know(shipped)
    stop = asyncio.Event()
    idle = [await _pause(library, many) for _ in range(3)]
    working = asyncio.create_task(_work(library, notices, stop))
    calm = [await longest_pause(asyncio.sleep(SWAP_SECONDS)) for _ in range(3)]
    busy = [await _pause(library, many) for _ in range(3)]
    stop.set()
    await working
    for name, pauses in (
        ("nothing beside it", idle),
        ("classifying beside it, a notice a turn", busy),
        ("classifying, and no new catalogue", calm),
    ):
        print(f"{name:44}{', '.join(f'{seconds * 1000:.1f}' for seconds in pauses)} ms")


async def _pause(library: Library, entities: Sequence[Entity]) -> float:
    library.know(entities)
    return await longest_pause(library.settled())


async def _work(library: Library, notices: Sequence[NoticePublished], stop: asyncio.Event) -> None:
    for notice in cycle(notices):
        if stop.is_set():
            return
        classify(notice, library.knowledge)
        await asyncio.sleep(0)


def _broken(error: BaseException) -> None:
    raise error


def _grown(entities: Sequence[Entity]) -> list[Entity]:
    """The catalogue with made-up models up to ``MANY`` entities."""
    made = (
        Entity(id=f"model:bench-{n}", kind=Kind.MODEL, name=f"Velorum {n}", api_ids=(f"velorum-{n}-preview",))
        for n in range(MANY - len(entities))
    )
    return [*entities, *made]


def _labelled() -> list[NoticePublished]:
    files = sorted((SHARED / "labelled").glob("*.jsonl"))
    return [one for file in files for one in _items(file)] or [item.notice() for item in load_corpus(CORPUS)]


def _noise() -> Iterator[NoticePublished]:
    """Everyday notices without end."""
    return cycle(list(_items(SHARED / "noise" / "noise.jsonl")) or list(_edited()))


def _items(file: Path) -> Iterator[NoticePublished]:
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    for line in lines:
        try:
            yield read_item(json.loads(line))
        except BadItem:  # an item of the noise may have neither title nor text
            continue


def _edited() -> Iterator[NoticePublished]:
    """The everyday texts of the corpus, ten times each, every tenth word left out."""
    chance = random.Random(SEED)
    calm = [one for one in load_corpus(CORPUS) if one.says.category is Category.NOT_REGULATORY]
    for item in calm * 10:
        words = [word for word in item.text.split() if chance.random() > 0.1]  # noqa: PLR2004 # said above
        yield item.notice().model_copy(update={"text": " ".join(words)})


if __name__ == "__main__":
    main(*([int(word) for word in sys.argv[1:]] or [10_000]))
