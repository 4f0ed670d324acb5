"""A YAML file that a person wrote: its value, and the place of everything in it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from tocsin.cli.failure import Exit, Failure
from tocsin.contracts.inline import cure, secret_in

MOST_BYTES = 1_000_000
MOST_VALUES = 200_000  # with what is named again by an alias counted each time
TIMESTAMP = "tag:yaml.org,2002:timestamp"

Place = Sequence[str | int]  # keys and positions, from the root


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong in a file, and what to do about it. Line and column count from 1."""

    file: str
    line: int
    column: int
    says: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.says}"


class Mistaken(Failure):
    """A file does not hold; a line for each mistake, in the order of the files."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(Exit.USAGE, *map(str, mistakes))
        self.mistakes = mistakes

    def rows(self) -> list[dict[str, Any]]:
        """The mistakes as JSON objects."""
        return [asdict(one) for one in self.mistakes]


class _Loader(yaml.SafeLoader):
    """Leaves times as they are written, so that what is wrong with one is told at its line."""

    yaml_implicit_resolvers = {  # noqa: RUF012 # a field of PyYAML's
        first: [(tag, pattern) for tag, pattern in found if tag != TIMESTAMP]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class YamlFile:
    """A parsed file. Raises ``Failure`` when it cannot be read, and ``Mistaken`` when it is no YAML."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = _read(path)
        try:
            loader = _Loader(text)
            self._root = loader.get_single_node()
            self._refuse_bombs()
            # The root is None where the file is empty.
            self.value = loader.construct_document(self._root) if self._root is not None else None
        except yaml.MarkedYAMLError as error:
            raise Mistaken([self._unread(error.problem_mark, error.problem)]) from error
        except (yaml.YAMLError, ValueError) as error:
            raise Mistaken([self._unread(None, str(error).splitlines()[0])]) from error
        except RecursionError as error:
            raise Mistaken([self._unread(None, "nested too deeply: write it flatter")]) from error

    def mistake(self, place: Place, says: str) -> Mistake:
        """A mistake at the deepest part of a place that the file has."""
        mark = self._mark(place)
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        return Mistake(str(self.path), line, column, says)

    def flaws(self) -> Iterator[Mistake]:
        """What no schema sees: a key that stands twice, of which the last would count; a secret."""
        for node in _walk(self._root):
            if isinstance(node, yaml.MappingNode):
                yield from self._twice(node)
            elif isinstance(node, yaml.ScalarNode) and (kind := secret_in(node.value)):
                yield self._at(node, cure(kind))

    def _twice(self, node: yaml.MappingNode) -> Iterator[Mistake]:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                yield self._at(
                    key, f"{name}: stands here a second time, first in line {seen[name]}: keep one"
                )
            seen.setdefault(name, key.start_mark.line + 1)

    def _at(self, node: yaml.Node, says: str) -> Mistake:
        return Mistake(str(self.path), node.start_mark.line + 1, node.start_mark.column + 1, says)

    def _unread(self, mark: yaml.Mark | None, says: str | None) -> Mistake:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        return Mistake(str(self.path), line, column, f"this is no YAML: {says or 'it cannot be read'}")

    def _mark(self, place: Place) -> yaml.Mark | None:
        """Of a list or object its key, for that is on the line that a person looks for."""
        node = self._root
        mark = node.start_mark if node is not None else None
        for part in place:
            key, below = _child(node, part)
            if below is not None:
                mark = (
                    key if key is not None and not isinstance(below, yaml.ScalarNode) else below
                ).start_mark
                node = below
        return mark

    def _refuse_bombs(self) -> None:
        """Aliases of aliases are short to write, and long to read."""
        sizes: dict[int, int] = {}

        def size(node: yaml.Node) -> int:
            if id(node) in sizes:
                if sizes[id(node)] == 0:
                    raise yaml.MarkedYAMLError(None, None, "it contains itself", node.start_mark)
                return sizes[id(node)]
            sizes[id(node)] = 0
            sizes[id(node)] = whole = 1 + sum(map(size, _children(node)))
            if whole > MOST_VALUES:
                raise yaml.MarkedYAMLError(
                    None, None, f"over {MOST_VALUES} values: split it", node.start_mark
                )
            return whole

        if self._root is not None:
            size(self._root)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Failure(Exit.USAGE, f"{path} is over {MOST_BYTES} bytes: split it, see `include`")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.USAGE, f"cannot read {path}: {error}") from error


def _walk(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """Every node, each once."""
    waiting, seen = [root] if root is not None else [], set()
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting.extend(reversed(_children(node)))


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [one for pair in node.value for one in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _child(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), (None, None))
    return None, None
