"""The whole of Tocsin on this machine: the engines, and the three services as processes of their own."""

import asyncio
import json
import os
import secrets
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from tocsin.chassis import topics
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import Place
from tocsin.cli.seeding import seed
from tocsin.contracts import CATALOGUE, TOPICS
from tocsin.embedded import Engines
from tocsin.embedded.child import Child, Command
from tocsin.embedded.ports import Ports
from tocsin.ingest import app as ingest
from tocsin.ingest.settings import IngestSettings
from tocsin.notify import app as notify
from tocsin.notify.settings import NotifySettings

SERVICES = ("ingest", "classify", "notify")
PREFERRED_PORTS = (8401, 8402, 8403)
START_SECONDS = 60.0
STOP_SECONDS = 20.0  # over the services' own deadline


@dataclass
class Stack:
    """Starts everything in order and stops it in reverse; a context manager.

    ``data`` None is a throw-away. ``environment`` is added to what the services get. ``tell`` hears of
    each step as it is done. With several ``replicas`` the first of a service bears its name, the others are
    called ``notify.2`` and so on. ``open_engines`` makes Kafka and PostgreSQL.
    """

    data: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda _: None
    replicas: int = 1
    open_engines: Callable[[Path | None], Engines] = Engines

    def __post_init__(self) -> None:
        later = [f"{service}.{number}" for number in range(2, self.replicas + 1) for service in SERVICES]
        self.names = (*SERVICES, *later)
        self._stack = ExitStack()
        self._running: dict[str, Child] = {}

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.callback(self._stack.close)
            self._start()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self, service: str) -> None:
        """Start one service, which must not run."""
        kind = service.partition(".")[0]
        command = Command(
            words=[sys.executable, "-m", f"tocsin.{kind}"],
            log=self.log(service),
            orphaned=signal.SIGTERM,
            folder=Path.cwd(),
            environment=self.environment_of(service),
        )
        self._running[service] = Child(command)

    def environment_of(self, service: str) -> dict[str, str]:
        """What one service is started with."""
        kind = service.partition(".")[0]
        return self._env | {f"TOCSIN_{kind.upper()}_HTTP_PORT": str(self._ports[service])}

    def kill(self, service: str) -> None:
        """End one service as a crash would."""
        self._running[service].kill()

    def send(self, service: str, number: signal.Signals) -> None:
        """Send one service a signal, if it runs."""
        self._running[service].tell(number)

    def pid(self, service: str) -> int:
        """Its process."""
        return self._running[service].pid

    def exit_code(self, service: str) -> int | None:
        """None while a service runs; -N after signal N."""
        return self._running[service].exit_code

    def wait_ready(self, *services: str) -> None:
        """Wait until each of these says ready; raises ``Failure`` with the log of one that does not."""
        end = time.monotonic() + START_SECONDS
        for service in services:
            while (complaint := self.complaint(service)) is not None:
                ended = self._running[service].exit_code
                if ended is not None or time.monotonic() > end:
                    tail = self.log(service).read_text(encoding="utf-8", errors="replace")[-2_000:]
                    raise Failure(Exit.FAILED, f"{service} does not get ready: {complaint}", tail)
                time.sleep(0.05)

    def complaint(self, service: str) -> str | None:
        """What keeps a service from being ready, in its own words; None when it is."""
        try:
            with urllib.request.urlopen(f"{self.url(service)}/ready", timeout=5):  # noqa: S310 - ours, http
                return None
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode(errors="replace")
        except OSError as error:
            return str(error)

    def watch(self) -> None:
        """Raise ``Failure`` when an engine or a service has ended by itself."""
        self.engines.check()
        for service, child in self._running.items():
            if child.exit_code is not None:
                raise Failure(
                    Exit.FAILED, f"{service} ended with status {child.exit_code}: see {self.log(service)}"
                )

    def log(self, service: str) -> Path:
        """The file that a service logs to."""
        return self._home / f"{service}.log"

    @property
    def logs(self) -> dict[str, Path]:
        """The log file of each service."""
        return {service: self.log(service) for service in self.names}

    def url(self, service: str) -> str:
        """The address of a service."""
        return f"http://127.0.0.1:{self._ports[service]}"

    @property
    def snapshots(self) -> Path:
        """Where ingest keeps the bytes it read."""
        return (self.data or self._home) / "snapshots"

    @property
    def place(self) -> Place:
        """How other commands reach this stack."""
        return Place(
            ingest_url=self.url("ingest"),
            notify_url=self.url("notify"),
            kafka=self.engines.kafka.bootstrap,
            api_key=self._key,
        )

    def _start(self) -> None:
        began = time.monotonic()
        self.engines = self._stack.enter_context(self.open_engines(self.data))
        self.tell(f"Kafka and PostgreSQL run ({time.monotonic() - began:.1f} s)")
        self._prepare()
        self._migrate()
        self._seed()
        for service in self.names:
            self.start(service)
        self._stack.callback(self._stop)
        self.wait_ready(*self.names)
        self.tell(f"{', '.join(self.names)} are ready ({time.monotonic() - began:.1f} s)")

    def _prepare(self) -> None:
        ports = Ports(len(self.names), PREFERRED_PORTS if self.data else ())
        self._stack.callback(ports.release)
        self._ports = dict(zip(self.names, ports.numbers, strict=True))
        if self.data is None:
            self._home = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-logs-")))
        else:
            self._home = self.data / "logs"
            self._home.mkdir(parents=True, exist_ok=True)
        self._key = secrets.token_urlsafe(32)
        self._env = (
            dict(os.environ)
            | self.engines.environment()
            | {
                "TOCSIN_API_KEYS": json.dumps([self._key]),
                "TOCSIN_LOG_FORMAT": "json",
                "TOCSIN_INGEST_SNAPSHOTS": str(self.snapshots),
                "TOCSIN_NOTIFY_PUBLIC_URL": self.url("notify"),
                "TOCSIN_NOTIFY_INGEST_URL": self.url("ingest"),
                "TOCSIN_NOTIFY_INGEST_KEY": self._key,
                "TOCSIN_NOTIFY_CANARY_URL": self.url("ingest"),
                "TOCSIN_NOTIFY_CANARY_KEY": self._key,
                "TOCSIN_NOTIFY_LINK_KEYS": json.dumps([self._link_key()]),
            }
            | dict(self.environment)
        )

    def _link_key(self) -> str:
        """What signs links in messages: kept beside the data, for a link is good for weeks."""
        path = (self.data or self._home) / "link.key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32), encoding="utf-8")
        return path.read_text(encoding="utf-8")

    def _migrate(self) -> None:
        url = SecretStr(self.engines.postgres.url)
        ingest.migrate(IngestSettings(database_url=url))
        notify.migrate(NotifySettings(database_url=url))

    def _seed(self) -> None:
        bootstrap = self.engines.kafka.bootstrap
        outcome = asyncio.run(topics.apply(bootstrap, TOPICS))
        catalogue = load_catalogue()
        asyncio.run(seed(bootstrap, catalogue, empty=outcome[CATALOGUE.name] == "created"))
        self.tell(f"topics, tables and a catalogue of {len(catalogue)} entities are in place")

    def _stop(self) -> None:
        for child in self._running.values():  # all at once, so that one does not wait for another
            child.tell(signal.SIGTERM)
        for child in self._running.values():
            child.wait(STOP_SECONDS)
