"""sources.yaml is taken over while the service runs; one that does not hold changes nothing and says so."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from tocsin.chassis.health import Health
from tocsin.ingest.ages import Ages
from tocsin.ingest.canary import CANARY
from tocsin.ingest.declared import load_sources
from tocsin.ingest.live import Live
from tocsin.ingest.source import Source

FEED = "  - {{id: {0}, name: {0}, tier: press, kind: feed, url: 'https://{0}.example/f', every: {1}}}\n"


def written(path: Path, *feeds: tuple[str, int]) -> None:
    path.write_text("sources:\n" + "".join(FEED.format(*feed) for feed in feeds))


def replaced(path: Path, text: str | None) -> None:
    path.unlink()
    if text is not None:
        path.write_text(text)


class Heard:
    """Takes down what was declared and adopted."""

    def __init__(self, path: Path) -> None:
        self.declared: list[list[str]] = []
        self.adopted: list[list[str]] = []
        self.away = False
        self.live = Live(
            path=path,
            own=CANARY,
            declare=self._declare,
            listeners=[lambda sources: self.adopted.append([source.id for source in sources])],
            pulse=Health().pulse("sources", limit=60),
            sources=(*load_sources(path), CANARY),
        )

    async def _declare(self, sources: Sequence[Source]) -> None:
        if self.away:
            raise ConnectionError
        self.declared.append([source.id for source in sources])

    async def looks(self, times: int = 2) -> None:
        for _ in range(times):
            await self.live.look()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "sources.yaml"
    written(path, ("a", 60), ("b", 60))
    return path


def valid() -> float | None:
    return REGISTRY.get_sample_value("tocsin_ingest_sources_file_valid")


async def test_what_is_new_or_changed_is_declared_and_everybody_hears_of_all(path: Path) -> None:
    heard = Heard(path)
    await heard.looks(3)
    assert heard.declared == [[]]  # as it was read at the start
    written(path, ("a", 60), ("b", 90), ("c", 60))
    await heard.looks()
    assert heard.declared[-1] == ["b", "c"]
    assert heard.adopted[-1] == ["a", "b", "c", CANARY.id]
    written(path, ("c", 60))
    await heard.looks()
    assert (heard.declared[-1], heard.adopted[-1]) == ([], ["c", CANARY.id])


async def test_a_file_that_is_being_written_is_left_until_it_stands_still(path: Path) -> None:
    heard = Heard(path)
    await heard.looks()
    written(path, ("a", 60))
    await heard.live.look()
    written(path, ("a", 60), ("b", 60), ("c", 60))
    await heard.live.look()
    assert len(heard.adopted) == 1
    await heard.live.look()
    assert heard.adopted[-1] == ["a", "b", "c", CANARY.id]


@pytest.mark.parametrize("bad", ["", "sources: []", "sources: [", "sources:\n  - {id: a}", None])
async def test_one_that_does_not_hold_changes_nothing_and_says_so_once(path: Path, bad: str | None) -> None:
    heard = Heard(path)
    await heard.looks()
    replaced(path, bad)
    with capture_logs() as lines:
        await heard.looks(5)
    assert len(heard.adopted) == 1
    assert [source.id for source in heard.live.sources] == ["a", "b", CANARY.id]
    assert valid() == 0
    assert sum("does not hold" in str(line) for line in lines) == 1
    written(path, ("a", 60), ("b", 60))
    await heard.looks()
    assert valid() == 1


async def test_while_the_database_is_away_it_is_tried_again(path: Path) -> None:
    heard = Heard(path)
    await heard.looks()
    written(path, ("c", 60))
    heard.away = True
    await heard.live.look()
    with pytest.raises(ConnectionError):
        await heard.live.look()
    heard.away = False
    await heard.live.look()
    assert heard.adopted[-1] == ["c", CANARY.id]


async def test_a_source_that_is_added_shows_itself_and_one_that_is_gone_leaves_no_figure(
    place: Any, path: Path
) -> None:
    ages = Ages(place.pool, load_sources(path), Health().pulse("ages", limit=60))

    def shown(source: str) -> list[float | None]:
        names = ("age_seconds", "newest_age_seconds", "interval_seconds", "failed_entries")
        figures = [
            REGISTRY.get_sample_value(f"tocsin_ingest_source_{name}", {"source": source}) for name in names
        ]
        state = REGISTRY.get_sample_value("tocsin_ingest_source_state", {"source": source, "state": "ok"})
        return [*figures, state]

    assert None not in shown("a") + shown("b")
    written(path, ("b", 60), ("c", 90))
    ages.adopt(load_sources(path))
    assert set(shown("a")) == {None}
    assert None not in shown("b") + shown("c")
    assert REGISTRY.get_sample_value("tocsin_ingest_source_interval_seconds", {"source": "c"}) == 90
    await asyncio.gather(ages.look(), ages.look())
