"""A file and all that it includes: below its folder, each once, and no more of them than anybody keeps."""

from collections.abc import Iterator
from pathlib import Path

from tocsin.cli.failure import Exit, Failure
from tocsin.cli.yamlfile import Mistake, Mistaken, YamlFile

MOST_FILES = 1_000
ROOT = "teams.yaml"  # of a folder


def with_included(path: Path) -> list[YamlFile]:
    """A file, or the teams.yaml of a folder, and then what it includes, depth first.

    Raises ``Mistaken`` with everything that is wrong with the including, and ``Failure`` when there is no
    such file.
    """
    if path.is_dir():
        if not (path / ROOT).exists():
            raise Failure(Exit.USAGE, f"{path} has no {ROOT}: begin one that includes the others")
        path /= ROOT
    reading = _Reading(path.parent)
    reading.take(YamlFile(path))
    if reading.mistakes:
        raise Mistaken(reading.mistakes)
    return reading.files


class _Reading:
    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._seen: set[Path] = set()
        self._open: list[Path] = []  # from the root to where we are
        self.files: list[YamlFile] = []
        self.mistakes: list[Mistake] = []

    def take(self, file: YamlFile) -> None:
        here = file.path.resolve()
        self._seen.add(here)
        self._open.append(here)
        self.files.append(file)
        wanted = file.value.get("include") if isinstance(file.value, dict) else None
        for position, pattern in enumerate(wanted if isinstance(wanted, list) else ()):
            if isinstance(pattern, str) and pattern:
                for says in self._follow(file, pattern):
                    self.mistakes.append(file.mistake(("include", position), f"{pattern}: {says}"))
        self._open.pop()

    def _follow(self, file: YamlFile, pattern: str) -> Iterator[str]:
        """Read what a pattern names; gives what is wrong with that."""
        try:
            found = sorted(file.path.parent.glob(pattern))
        except (ValueError, NotImplementedError) as error:
            yield f"name files beside this one or below it ({error})"
            return
        if not found:
            yield "there is no such file"
        for path in found:
            why = self._not_allowed(path)
            if why is not None:
                yield why
                continue
            try:
                self.take(YamlFile(path))
            except Mistaken as mistaken:
                self.mistakes += mistaken.mistakes
            except Failure as failure:
                yield "; ".join(failure.lines)

    def _not_allowed(self, path: Path) -> str | None:
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:  # the latter: links that go round in a circle
            return f"{path} cannot be read: {error}"
        checks = {
            f"{path} is outside {self._folder}: move it in": not real.is_relative_to(self._folder),
            f"{path} is no file: name the files in it, as {path.name}/*.yaml": not real.is_file(),
            f"{path} would include itself: take this line out": real in self._open,
            f"{path} is included twice: take this line out": real in self._seen,
            f"over {MOST_FILES} files: put several teams into one": len(self.files) >= MOST_FILES,
        }
        return next((says for says, fails in checks.items() if fails), None)
