"""The story as data: its beats, its teams, and what each beat must lead to."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import yaml

from tocsin.contracts import StepKind
from tocsin.contracts.message import Part

Place = Literal["status", "press", "gazette", "push"]


class Beat(Part):
    """One thing that is published. ``tells`` names the teams that hear of it, and as what."""

    when: str
    what: str
    wire: Place
    id: str
    title: str
    text: str
    state: str = ""  # of a status incident
    tells: Mapping[str, StepKind]


class Story(Part):
    """Teams as teams.yaml has them, beats in order, and the everyday notices as title and text."""

    teams: tuple[dict[str, object], ...]
    beats: tuple[Beat, ...]
    everyday: tuple[tuple[str, str], ...]


def load() -> Story:
    """The story that is shipped."""
    text = files("tocsin.cli.demo").joinpath("story.yaml").read_text(encoding="utf-8")
    return Story.model_validate(yaml.safe_load(text))
