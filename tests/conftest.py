"""What the tests across services share: a Tocsin that has been told the whole story, once a run."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tocsin.cli.demo.receivers import Arrival
from tocsin.cli.demo.run import Town, play, settle, town
from tocsin.cli.demo.story import Beat, Story, load


@dataclass(frozen=True)
class Told:
    """The story after it was played: what came of each beat, and the Tocsin it was played on."""

    story: Story
    town: Town
    heard: list[tuple[Beat, list[Arrival]]]


@pytest.fixture(scope="session")
def told() -> Iterator[Told]:
    """The June 2026 story, from feed bytes to inbox, on three services and two engines."""
    story = load()
    with town(story, lambda _: None) as place:
        settle(place, len(story.everyday))
        heard: list[tuple[Beat, list[Arrival]]] = []
        play(place, story.beats, lambda beat, arrivals: heard.append((beat, arrivals)))
        yield Told(story, place, heard)
