"""The bytes that notices were read from, kept under their SHA-256: in a folder, or in an object store."""

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

PART = ".part-"  # a file that is being written


@dataclass(frozen=True)
class Held:
    """How much is kept."""

    snapshots: int
    bytes: int


class Snapshots(Protocol):
    """Where bytes are kept. What is there is whole, also after a crash."""

    async def keep(self, body: bytes) -> str:
        """Make sure that these bytes are kept; gives their SHA-256. Raises OSError."""
        ...

    async def read(self, sha256: str) -> bytes | None:
        """The bytes of this hash, None when they are not kept. Raises OSError."""
        ...

    async def sweep(self, older: timedelta, named: Collection[str]) -> Held:
        """Delete what was last kept longer ago than this, unless it is named; says what stays."""
        ...


class Folder:
    """A folder of bytes: ``sha256/ab/cdef…``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "sha256"

    async def keep(self, body: bytes) -> str:
        return await asyncio.to_thread(self._write, body)

    async def read(self, sha256: str) -> bytes | None:
        return await asyncio.to_thread(self._read, sha256)

    async def sweep(self, older: timedelta, named: Collection[str]) -> Held:
        return await asyncio.to_thread(self._sweep, time.time() - older.total_seconds(), named)

    def path(self, sha256: str) -> Path:
        """Where the bytes of this hash are, if they are kept."""
        return self._folder / sha256[:2] / sha256[2:]

    def _write(self, body: bytes) -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        path = self.path(sha256)
        try:
            os.utime(path)  # its age is that of the last time it was seen
        except (FileNotFoundError, NotADirectoryError):
            _write_whole(path, body)
        return sha256

    def _read(self, sha256: str) -> bytes | None:
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            return None

    def _sweep(self, before: float, named: Collection[str]) -> Held:
        count = size = 0
        for path in self._files():
            try:
                seen = path.stat()
                if seen.st_mtime < before and path.parent.name + path.name not in named:
                    path.unlink()
                else:
                    count, size = count + 1, size + seen.st_size
            except FileNotFoundError:  # another replica sweeps the same folder
                continue
        return Held(count, size)

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.glob("??/*") if path.is_file())


def _write_whole(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=PART)
    try:
        with os.fdopen(descriptor, "wb") as part:
            part.write(body)
            part.flush()
            os.fsync(part.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
