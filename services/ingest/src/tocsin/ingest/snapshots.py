"""The bytes that notices were read from, kept under their SHA-256."""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path


class Snapshots:
    """A folder of bytes: ``sha256/ab/cdef…``. What is there is whole, also after a crash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "sha256"

    async def keep(self, body: bytes) -> str:
        """Make sure that these bytes are on disk; gives their SHA-256. Raises OSError."""
        return await asyncio.to_thread(self._write, body)

    def path(self, sha256: str) -> Path:
        """Where the bytes of this hash are, if they are kept."""
        return self._folder / sha256[:2] / sha256[2:]

    def _write(self, body: bytes) -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        path = self.path(sha256)
        if path.exists():
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as part:
                part.write(body)
                part.flush()
                os.fsync(part.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return sha256
