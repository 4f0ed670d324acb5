"""A sources.yaml that a person keeps: read as ingest reads it, added to without touching the rest."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from pydantic import ValidationError

from tocsin.cli.failure import Exit, Failure
from tocsin.contracts.cloudevents import describe
from tocsin.ingest.declared import SourcesInvalid, load_sources
from tocsin.ingest.settings import IngestSettings
from tocsin.ingest.source import Source

OURS = "tocsin-canary"  # the id that ingest keeps for itself

_ITEM = re.compile(r"^sources:\s*(?:#.*)?\n(?:\s*(?:#.*)?\n)*( *)- ", re.MULTILINE)


def settings() -> IngestSettings:
    """Ingest's own, from the environment: sources are tried here as the service would."""
    try:
        return IngestSettings()
    except ValidationError as error:
        raise Failure(Exit.USAGE, f"settings do not hold: {describe(error)}") from error


def declared(path: Path | None) -> tuple[Source, ...]:
    """The sources of this file; without one, of TOCSIN_INGEST_SOURCES_FILE or of the catalogue shipped."""
    try:
        return load_sources(path or settings().sources_file, reserved=OURS)
    except SourcesInvalid as error:
        raise Failure(Exit.USAGE, *str(error).splitlines()) from error


def as_yaml(sources: Sequence[Source], indent: int = 2) -> str:
    """Items for the list of sources, as a person would write them."""
    items = [source.model_dump(mode="json", exclude_defaults=True) for source in sources]
    text = yaml.safe_dump(items, sort_keys=False, allow_unicode=True, width=200)
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())


def append(path: Path, sources: Sequence[Source]) -> None:
    """Add sources to the end of a file, comments and all else left as they are; whole, or not at all.

    A file that is not there is begun. Raises ``Failure`` when the file would not hold afterwards.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else "sources:\n"
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.USAGE, f"cannot read {path}: {error}") from error
    item = _ITEM.search(text)
    whole = text.rstrip("\n") + "\n" + as_yaml(sources, len(item[1]) if item else 2)
    with _beside(path) as draft:
        draft.write_text(whole, encoding="utf-8")
        try:
            load_sources(draft, reserved=OURS)
        except SourcesInvalid as error:
            raise Failure(
                Exit.USAGE, f"{path} would not hold, and is left as it is:", *str(error).splitlines()
            ) from error
        draft.replace(path)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise Failure(Exit.USAGE, f"cannot write beside {path}: {error.strerror}") from error
    os.close(descriptor)
    draft = Path(name)
    try:
        draft.chmod(path.stat().st_mode if path.exists() else 0o644)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
