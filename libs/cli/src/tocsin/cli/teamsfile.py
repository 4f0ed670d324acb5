"""teams.yaml: read, checked, and every mistake told with its file, line and cure."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from tocsin.cli.failure import Exit, Failure
from tocsin.contracts.subscriptions import Subscriptions

Path_ = Sequence[str | int]


class TeamsFile:
    """A parsed file that still knows the line of everything in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        text = _read(path)
        try:
            # Composing first keeps the lines; the safe loader makes plain values only.
            self._root = yaml.compose(text, Loader=yaml.SafeLoader)
            self._value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
            raise Failure(Exit.USAGE, f"{where}: {getattr(error, 'problem', error)}") from error

    def subscriptions(self) -> Subscriptions:
        """What the file declares; raises ``Failure`` with all mistakes."""
        try:
            return Subscriptions.model_validate(self._value)
        except ValidationError as error:
            raise self.mistakes((p["loc"], p["msg"]) for p in error.errors()) from error

    def mistakes(self, found: Iterable[tuple[Path_, str]]) -> Failure:
        """A failure that tells each mistake at its line."""
        return Failure(
            Exit.USAGE, *(f"{self._path}:{self._line(at)}: {_name(at)}{text}" for at, text in found)
        )

    def _line(self, at: Path_) -> int:
        """The line of the deepest part of the path that the file has."""
        node, line = self._root, 1
        for part in at:
            below = _child(node, part)
            if below is not None:
                node, line = below, below.start_mark.line + 1
        return line


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.USAGE, f"cannot read {path}: {error}") from error


def _child(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item: yaml.Node = node.value[part]
        return item
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    return None


def _name(at: Path_) -> str:
    words = [str(part) for part in at if isinstance(part, str)]
    return f"{words[-1]}: " if words else ""
