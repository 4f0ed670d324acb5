"""Apache Kafka in KRaft mode: one process that is broker and controller."""

import base64
import os
import secrets
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tocsin.embedded import jars, java, metadata
from tocsin.embedded.archive import Archive
from tocsin.embedded.child import Child, Command
from tocsin.embedded.server import Server

# What differs from Kafka's defaults, and why.
SETTINGS: Mapping[str, str | int] = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "log.dirs": "data",  # relative to the folder it runs in: no path has to be escaped
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",  # a wrong name must fail, not become a topic of one partition
    "log.retention.ms": -1,  # by default old records, by their own time, would go after a week
    "group.initial.rebalance.delay.ms": 0,  # the first member of a group would wait 3 s for others
    "broker.session.timeout.ms": 2_000,  # a restart after a crash waits until the old session has ended
    "broker.heartbeat.interval.ms": 500,  # to keep a session that short alive
    "log.cleaner.dedupe.buffer.size": 4_194_304,  # 128 MB by default, in the heap
    # One node, so one replica.
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    # 50 by default: folders and open files that one node has no use for.
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 4,
    # Threads cost memory.
    "num.network.threads": 2,
    "num.io.threads": 2,
    "background.threads": 2,
}
JVM = (
    "-Xmx160m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # C2 compiles for longer than most of these brokers live
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
# What `kafka-storage format` of 4.3.1 writes: the feature levels, nothing of the node. Without it the
# broker starts too, but without the new group protocol and transactions. To be made again with the jars.
CHECKPOINT = Path(__file__).with_name("bootstrap.checkpoint")
CLEAN = 128 + signal.SIGTERM  # how a JVM that was asked to end says that it did


class Kafka(Server):
    """A broker on 127.0.0.1, without a password."""

    name: ClassVar[str] = "kafka"
    port_count: ClassVar[int] = 2  # for clients, for the controller
    polite: ClassVar[signal.Signals] = signal.SIGTERM
    _archive: Archive | None = None  # known from the first start on

    @property
    def bootstrap(self) -> str:
        """What clients call ``bootstrap_servers``: "127.0.0.1:PORT"."""
        return f"127.0.0.1:{self.ports[0]}"

    def stop(self) -> int | None:
        """Stop it cleanly; the first clean stop on a machine also writes the class archive."""
        code = super().stop()
        if self._archive and code == CLEAN:
            self._archive.keep()
        return code

    def _launch(self, folder: Path, running: int) -> Child:
        runtime = java.find()
        # One by one and sorted: the class archive fits exactly this class path.
        class_path = sorted(jars.install().glob("*.jar"))
        self._archive = Archive(runtime, JVM, class_path)
        _format(folder / "data")
        self._write_settings(folder / "server.properties")
        words: list[str | Path] = [runtime.path, *self._archive.flags(), *JVM]
        words += ["-cp", os.pathsep.join(map(str, class_path)), "kafka.Kafka", "server.properties"]
        return Child(
            Command(
                words,
                folder=folder,
                log=self.log,
                orphaned=signal.SIGKILL,  # nothing can hold it up, and the data survives it
                inherit=[running],
            )
        )

    def _write_settings(self, path: Path) -> None:
        client, controller = self.ports[:2]
        settings = {
            **SETTINGS,
            "listeners": f"PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}",
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        }
        path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="ascii")

    def _answers(self) -> bool:
        brokers, controller = metadata.ask(self.ports[0])
        return brokers == 1 and controller >= 0


def _format(data: Path) -> None:
    """Make a new data folder: two files instead of a second JVM that would write them."""
    identity = data / "meta.properties"
    if identity.exists():
        return
    data.mkdir(exist_ok=True)
    (data / "bootstrap.checkpoint").write_bytes(CHECKPOINT.read_bytes())
    part = identity.with_suffix(".part")
    part.write_text(f"version=1\nnode.id=1\ncluster.id={_uuid()}\ndirectory.id={_uuid()}\n", encoding="ascii")
    part.rename(identity)


def _uuid() -> str:
    """A random id in Kafka's spelling: 16 bytes in base64; a leading dash would look like an option."""
    return base64.urlsafe_b64encode(b"\x10" + secrets.token_bytes(15)).decode().rstrip("=")
