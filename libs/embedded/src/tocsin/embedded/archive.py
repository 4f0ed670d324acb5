"""The JVM's class archive: it halves Kafka's start, and is written once on a machine."""

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from tocsin.embedded import places
from tocsin.embedded.java import Java


class Archive:
    """The archive for one Java, one set of flags and these jars as they lie there, times included."""

    def __init__(self, java: Java, flags: Sequence[str], jars: Sequence[Path]) -> None:
        stamps = [f"{jar} {jar.stat().st_mtime_ns}" for jar in jars]
        key = hashlib.sha256("\n".join([java.banner, *flags, *stamps]).encode()).hexdigest()[:16]
        self._path = places.cache() / f"kafka-{key}.jsa"
        self._part = self._path.with_suffix(f".{os.getpid()}")

    def flags(self) -> list[str]:
        """For the JVM: use the archive, or write it when it ends."""
        if self._path.exists():
            return ["-Xshare:auto", f"-XX:SharedArchiveFile={self._path}"]
        # Without the log of what is left out: a thousand lines.
        return [f"-XX:ArchiveClassesAtExit={self._part}", "-Xlog:cds=off"]

    def keep(self) -> None:
        """After a clean end: what was written is whole, let others use it."""
        with contextlib.suppress(FileNotFoundError):  # it was there before, or this Java can write none
            self._part.rename(self._path)
