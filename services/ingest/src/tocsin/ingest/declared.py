"""Reads sources.yaml; an error names file, line and cure."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import yaml
from pydantic import ValidationError, model_validator

from tocsin.contracts.declared import Declared
from tocsin.ingest.source import Source


class SourcesInvalid(ValueError):
    """sources.yaml does not hold; the message says where and what to do. Trying again is vain."""


class Sources(Declared):
    """The whole of sources.yaml."""

    sources: tuple[Source, ...]

    @model_validator(mode="after")
    def _some_and_each_once(self) -> Self:
        if not self.sources:
            raise ValueError("it declares no source; add one")
        ids = [source.id for source in self.sources]
        twice = next((id_ for id_ in ids if ids.count(id_) > 1), None)
        if twice is not None:
            raise ValueError(f"two sources share the id '{twice}'; give one of them another id")
        return self


def load_sources(path: Path, reserved: str = "") -> tuple[Source, ...]:
    """Every source declared in the file, in its order; none may have the ``reserved`` id.

    Raises ``SourcesInvalid``.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        declared = yaml.safe_load(text)
    except OSError as error:
        raise SourcesInvalid(
            f"{path}: {error.strerror}; set TOCSIN_INGEST_SOURCES_FILE to a file that can be read"
        ) from error
    except UnicodeDecodeError as error:
        raise SourcesInvalid(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SourcesInvalid(f"{path}:{line}: not YAML: {error.problem}; mind indent and quotes") from error
    try:
        sources = Sources.model_validate(declared or {}).sources
    except ValidationError as error:
        raise SourcesInvalid("\n".join(_complaints(path, tree, error))) from error
    if any(source.id == reserved for source in sources):
        raise SourcesInvalid(f"{path}: the id {reserved!r} is our own; give that source another one")
    return sources


def _complaints(path: Path, tree: yaml.Node | None, error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        where = ".".join(map(str, problem["loc"])) or "file"
        yield f"{path}:{_line(tree, problem['loc'])}: {where}: {problem['msg']}{_cure(problem['type'])}"


def _cure(kind: str) -> str:
    return {
        "missing": "; add it",
        "extra_forbidden": "; remove it or mend its spelling",
        "string_pattern_mismatch": "; use small letters, digits and dashes, at most 63",
    }.get(kind, "")


def _line(tree: yaml.Node | None, place: tuple[int | str, ...]) -> int:
    """The line, counted from 1, of the deepest node on the way to ``place``."""
    node, line = tree, 1
    for step in place:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _child(node: yaml.Node | None, step: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        value = node.value[step]
        return value.start_mark.line + 1, value
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    return None
