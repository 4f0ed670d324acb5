"""Fetch Kafka's jars from Maven's central repository: by Maven where it is, else by jgo."""

import logging
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import Artifact, MavenContext
from jgo.parse import Coordinate

from tocsin.embedded.errors import FetchFailed

POM = Path(__file__).with_name("pom.xml")
# The plugin's version is part of the recipe: without one Maven takes the newest.
GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
# A silent network must not hold us for Maven's half an hour. Two for Maven 3.8, two for 3.9.
HASTE = (
    "-Dmaven.wagon.http.connectionTimeout=10000",
    "-Dmaven.wagon.rto=30000",
    "-Daether.connector.connectTimeout=10000",
    "-Daether.connector.requestTimeout=30000",
)
ROOTS = (  # what pom.xml says, for jgo
    Coordinate("org.apache.kafka", "kafka_2.13", "4.3.1", scope="runtime"),
    Coordinate("org.slf4j", "slf4j-simple", "1.7.36", scope="runtime"),
)
CURE = (
    "the network is needed once, or a mirror in ~/.m2/settings.xml; then run "
    "`python -m tocsin.embedded install` again, after that it works offline; behind a proxy with a "
    "certificate of its own set REQUESTS_CA_BUNDLE"
)
REASON = 400  # characters of one way's answer: both go on for pages

logger = logging.getLogger(__name__)


def fetch(jars: Path) -> None:
    """Put the jars into an empty folder, unchecked; ``FetchFailed`` says what both ways answered."""
    failures = []
    for name, way in _ways():
        logger.info("fetching Kafka 4.3.1 (46 jars, 44 MB) with %s", name)
        try:
            way(jars)
        except Exception as error:  # noqa: BLE001 - jgo lists no errors; whatever it is, the cure is the same
            logger.info("%s could not", name)
            failures.append(f"{name}: {str(error)[:REASON]}")
        else:
            return
    raise FetchFailed(f"Kafka's jars could not be fetched ({'; '.join(failures)}): {CURE}")


def _ways() -> list[tuple[str, Callable[[Path], None]]]:
    maven = shutil.which("mvn")
    ways: list[tuple[str, Callable[[Path], None]]] = [("jgo", with_jgo)]
    if maven:
        ways.insert(0, ("Maven", lambda jars: with_maven(maven, jars)))
    return ways


def with_maven(maven: str, jars: Path) -> None:
    """Let Maven copy the jars; its own settings (mirrors, proxies) and local repository apply."""
    words: list[str | Path] = [maven, "-B", "-f", POM, *HASTE, GOAL]
    words += ["-DincludeScope=runtime", f"-DoutputDirectory={jars}"]
    progress = Progress("files from the network")
    wrong = ""
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603 - our own words
        for line in process.stdout or ():
            if "Downloaded from" in line:
                progress.step()
            if line.startswith("[ERROR]"):
                wrong = wrong or line.removeprefix("[ERROR]").strip()
    if process.returncode != 0:
        raise FetchFailed(wrong or f"exit code {process.returncode}")


def with_jgo(jars: Path) -> None:
    """Resolve and fetch in Python: no Java is needed.

    Only jgo's resolver is used: its environments sort the jars into kinds, and fetch a JDK for that.
    """
    context = MavenContext(repo_cache=jars / "repository")
    progress = Progress("of 46 jars")
    roots, rest = context.resolver.resolve([context.create_dependency(root) for root in ROOTS])
    wanted: list[Artifact] = [
        each.artifact for each in (*roots, *rest) if each.scope in {"compile", "runtime"}
    ]
    with ThreadPoolExecutor(4) as pool:
        for path in pool.map(lambda artifact: artifact.resolve(), wanted):
            shutil.copy(path, jars)
            progress.step()
    shutil.rmtree(jars / "repository")


class Progress:
    """Tells how far a fetch is, every few seconds."""

    PAUSE = 3.0  # seconds between two lines

    def __init__(self, what: str) -> None:
        self._what = what
        self._count = 0
        self._next = time.monotonic() + self.PAUSE

    def step(self) -> None:
        """One more has come."""
        self._count += 1
        if time.monotonic() >= self._next:
            logger.info("  %d %s", self._count, self._what)
            self._next = time.monotonic() + self.PAUSE
