"""Kafka's jars: fetched once into the cache, pinned by SHA-256, checked at every start."""

import hashlib
import logging
import shutil
import tempfile
from pathlib import Path

from tocsin.embedded import places
from tocsin.embedded.errors import FetchFailed, FolderUnusable, JarsAltered
from tocsin.embedded.locks import locked

VERSION = "4.3.1"
DIGESTS = Path(__file__).with_name("jars.sha256")  # as sha256sum prints them
PATIENCE = 900.0  # seconds to wait for another process that fetches

logger = logging.getLogger(__name__)


def install() -> Path:
    """The folder that holds exactly the pinned jars; they are fetched if it is not there.

    Safe in several processes at once: one fetches, the others wait. The folder appears whole or not at
    all. ``FetchFailed`` if they cannot be had, ``JarsAltered`` if they are not the pinned ones.
    """
    jars = folder()
    if not jars.exists():  # what is there can be used even in a cache we may not write
        _fetch_once(jars)
    verify(jars)
    return jars


def folder() -> Path:
    """Where the jars are, or will be."""
    return places.cache() / f"kafka-{VERSION}"


def _fetch_once(jars: Path) -> None:
    try:
        with locked(jars.with_name("install.lock"), PATIENCE):
            if not jars.exists():
                _fetch_into(jars)
    except TimeoutError as error:
        raise FetchFailed(f"another process fetches Kafka's jars and does not end: {error}") from error
    except PermissionError as error:
        raise FolderUnusable(
            f"{jars.parent} cannot be written by us: set TOCSIN_CACHE to a folder that can"
        ) from error


def _fetch_into(jars: Path) -> None:
    from tocsin.embedded.fetch import fetch  # noqa: PLC0415 - brings jgo: 0.2 s, for what is needed once

    for abandoned in jars.parent.glob("fetching-*"):  # by a process that was killed: we hold the lock
        shutil.rmtree(abandoned)
    part = Path(tempfile.mkdtemp(prefix="fetching-", dir=jars.parent))
    try:
        fetch(part)
        verify(part)
        part.chmod(0o755)  # a cache may be filled by one user and used by others
        part.rename(jars)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    logger.info("%d jars, each with the pinned SHA-256, are in %s", len(pinned()), jars)


def pinned() -> dict[str, str]:
    """SHA-256 in hex by file name."""
    lines = DIGESTS.read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def verify(jars: Path) -> None:
    """Raise ``JarsAltered`` unless the folder holds all pinned jars, unaltered, and no other."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in jars.glob("*.jar")}
    expected = pinned()
    wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    if wrong:
        raise JarsAltered(
            f"{len(wrong)} of the jars in {jars} are missing, altered or too many ({', '.join(wrong[:3])}): "
            "remove that folder and run `python -m tocsin.embedded install`"
        )
