"""The scene: two replicas of each service, both engines behind proxies, and receivers that may misbehave."""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import yaml

from tests.chaos.proxy import Line, Proxy, proxying
from tests.chaos.receivers import CHANNELS, Manner, Receivers, listening
from tocsin.cli.client import Body, call
from tocsin.cli.stack import Stack
from tocsin.embedded import Engines
from tocsin.embedded.kafka import Kafka

SOURCES = {"sources": [{"id": "desk", "name": "Desk", "tier": "party", "kind": "push"}]}
SEND_SECONDS = 3  # a receiver that says nothing costs so much


class Advertised(Kafka):
    """A broker that tells its clients to come to another port: the proxy's."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def _write_settings(self, path: Path) -> None:
        super()._write_settings(path)
        with path.open("a", encoding="ascii") as settings:
            settings.write(f"advertised.listeners=PLAINTEXT://127.0.0.1:{self._port}\n")


class Proxied(Engines):
    """Throw-away engines that the services reach through proxies only."""

    def __init__(self, kafka: Proxy, postgres: Proxy) -> None:
        super().__init__()
        self.kafka = Advertised(kafka.port)
        self._proxies = (kafka, postgres)

    def environment(self) -> dict[str, str]:
        kafka, postgres = self._proxies
        kafka.target, postgres.target = self.kafka.ports[0], self.postgres.ports[0]
        url = self.postgres.url.replace(f":{postgres.target}/", f":{postgres.port}/")
        return {
            "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{kafka.port}",
            "TOCSIN_DATABASE_URL": url,
        }


@dataclass
class Scene:
    """What faults are done to, and what was seen of it meanwhile."""

    stack: Stack
    proxies: Mapping[str, Proxy]
    receivers: Receivers
    died: list[str] = field(default_factory=list)  # services that ended although nobody had told them to
    stops: list[tuple[str, float, int]] = field(default_factory=list)  # after SIGTERM: seconds, exit status
    _down: set[str] = field(default_factory=set)  # to stay away for now
    _doomed: set[str] = field(default_factory=set)  # killed or told to end, and not started since
    _told: dict[str, float] = field(default_factory=dict)  # when SIGTERM was sent

    def kill(self, service: str) -> None:
        self._down.add(service)
        self._doomed.add(service)
        self.stack.kill(service)

    def terminate(self, service: str) -> None:
        self._down.add(service)
        self._doomed.add(service)
        self._told[service] = time.monotonic()
        self.stack.send(service, signal.SIGTERM)

    def start(self, service: str) -> None:
        """Start it again; one that is still stopping is started as soon as it has ended."""
        self._down.discard(service)

    def freeze(self, service: str) -> None:
        self.stack.send(service, signal.SIGSTOP)

    def thaw(self, service: str) -> None:
        self.stack.send(service, signal.SIGCONT)

    def kill_engine(self, name: str) -> None:
        self._engine(name).kill()

    def stop_engine(self, name: str) -> None:
        self._engine(name).stop()

    def start_engine(self, name: str) -> None:
        self._engine(name).start()

    def turn(self, name: str, line: Line) -> None:
        self.proxies[name].turn(line)

    def behave(self, manner: Manner) -> None:
        self.receivers.manner = manner

    def look_after(self) -> None:
        """Start what has ended, as a supervisor does, and note what ended by itself or took its time."""
        for service in self.stack.names:
            code = self.stack.exit_code(service)
            if code is None:
                continue
            if service in self._told:
                self.stops.append((service, time.monotonic() - self._told.pop(service), code))
            elif service not in self._doomed:
                self.died.append(f"{service} ended with status {code}: see {self.stack.log(service)}")
            if service not in self._down:
                self._doomed.discard(service)
                self.stack.start(service)

    def _engine(self, name: str) -> Kafka:
        engine: Kafka = getattr(self.stack.engines, name)
        return engine


@dataclass
class Mixed(Stack):
    """A stack in which every second replica runs the code under ``older``."""

    older: Path = field(kw_only=True)

    def environment_of(self, service: str) -> dict[str, str]:
        environment = super().environment_of(service)
        if not service.endswith(".2"):
            return environment
        return environment | {"PYTHONPATH": sources(self.older)}


def sources(tree: Path) -> str:
    """The PYTHONPATH on which a tree's own code comes before the installed one."""
    return os.pathsep.join(map(str, sorted(tree.glob("*/*/src"))))


@contextmanager
def scene(folder: Path, environment: Mapping[str, str], older: Path | None = None) -> Iterator[Scene]:
    """Everything, running; logs lie in ``folder``. The second replicas run the code under ``older``."""
    with ExitStack() as opened:
        kafka, postgres = opened.enter_context(proxying(2))
        receivers, address = opened.enter_context(listening())
        sources = folder / "sources.yaml"
        sources.write_text(yaml.safe_dump(SOURCES), encoding="utf-8")
        told = {
            "CHAOS_SECRET": receivers.secret,
            "TOCSIN_INGEST_SOURCES_FILE": str(sources),
            "TOCSIN_NOTIFY_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
            "TOCSIN_NOTIFY_SEND_SECONDS": str(SEND_SECONDS),
        }
        stack = (Stack if older is None else partial(Mixed, older=older))(
            data=folder,
            environment=told | dict(environment),
            replicas=2,
            open_engines=lambda _: Proxied(kafka, postgres),
        )
        opened.enter_context(stack)
        _subscribe(stack, address)
        yield Scene(stack, {"kafka": kafka, "postgres": postgres}, receivers)


def _subscribe(stack: Stack, address: str) -> None:
    usual = {"kind": "webhook", "secret_env": "CHAOS_SECRET", "most_an_hour": 100_000}
    channels = [usual | {"name": name, "url": f"{address}/{name}"} for name in CHANNELS]
    watch = {"name": "all", "categories": ["model_restriction"]}
    team = {"id": "duty", "name": "Duty", "watches": [watch], "channels": channels, "most_an_hour": 1_000_000}
    body = Body(json.dumps({"teams": [team]}).encode())
    call("PUT", f"{stack.place.notify_url}/v1/subscriptions", stack.place.api_key, body=body)
