"""One server in a folder: start it, wait until it answers, let it crash, stop it."""

import re
import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

from tocsin.embedded.child import Child
from tocsin.embedded.errors import DidNotStart
from tocsin.embedded.folder import Folder
from tocsin.embedded.ports import Ports

START = 60.0  # seconds until it must answer: a JVM on a loaded machine is slow
STOP = 20.0  # seconds for a clean stop, then it is killed
TAIL = 2_000  # bytes of its log that an error quotes
PORT = re.compile(r"[1-5]\d{4}", re.ASCII)  # as they are chosen


class Server(ABC):
    """What Kafka and PostgreSQL have in common.

    ``data`` is a folder that keeps everything, the ports too, from start to start; None is a throw-away
    folder that ends with us. To be started from the main thread, as a context manager or by ``start`` and
    ``close``. Raises ``EngineError``.
    """

    name: ClassVar[str]
    port_count: ClassVar[int]
    polite: ClassVar[signal.Signals]  # asks for a clean stop

    def __init__(self, data: Path | None = None) -> None:
        self._data = data
        self._folder: Folder | None = None
        self._ports: Ports | None = None
        self._child: Child | None = None

    @abstractmethod
    def _launch(self, folder: Path, running: int) -> Child:
        """Start the process, which inherits ``running``; prepare the folder if it is new."""

    @abstractmethod
    def _answers(self) -> bool:
        """Ask once, by the server's own protocol, whether it serves; ``OSError`` while it cannot say."""

    @property
    def folder(self) -> Path:
        """Where the data lies; known from the first start on."""
        return self._claimed()[0].path

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self.folder / f"{self.name}.log"

    @property
    def ports(self) -> tuple[int, ...]:
        """Its ports on 127.0.0.1, the one for clients first; the same ones until ``close``."""
        return self._claimed()[1].numbers

    @property
    def running(self) -> bool:
        """Whether the process is there; it may still be starting."""
        return self._child is not None and self._child.exit_code is None

    def start(self) -> None:
        """Start it, if it does not run, and wait until it serves."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it, if it does not run, without waiting for it to serve.

        Two start faster side by side; and where an event loop runs, ``launch`` it and wait in a thread.
        """
        if self.running:
            return
        if self._folder is None:
            self._folder = Folder(self._data, self.name)
        with self._folder.no_process() as running:
            if self._ports is None:
                self._ports = self._claim_ports(self._folder.path)
            self._child = self._launch(self._folder.path, running)

    def wait(self) -> None:
        """Wait until it serves; ``DidNotStart``, with the end of its log, if it ends or takes too long."""
        end = time.monotonic() + START
        while not (self._serves() and self.running):
            code = self._child.exit_code if self._child else None
            if not self.running or time.monotonic() > end:
                self.stop()
                ended = "did not answer in time" if code is None else f"ended with exit code {code}"
                raise DidNotStart(f"{self.name} {ended}; its log {self.log} ends with:\n{self._last_words()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Crash it (kill -9). ``start`` brings it back on the same ports with the same data."""
        if self._child:
            self._child.kill()

    def stop(self) -> int | None:
        """Stop it cleanly; its exit code, None if it did not run. Folder and ports stay ours."""
        if self._child is None or not self.running:
            return None
        return self._child.stop(self.polite, STOP)

    def close(self) -> None:
        """Stop it and let others have folder and ports; a throw-away is removed."""
        self.stop()
        if self._ports:
            self._ports.release()
        if self._folder:
            self._folder.release()
        self._child = self._ports = self._folder = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _claimed(self) -> tuple[Folder, Ports]:
        if self._folder is None or self._ports is None:
            raise DidNotStart(f"{self.name} has no folder and ports yet: call start() first")
        return self._folder, self._ports

    def _claim_ports(self, folder: Path) -> Ports:
        """The ports of the last start where they are still free: clients may have noted them down."""
        note = folder / "ports"
        noted = note.read_text(encoding="ascii", errors="replace").split() if note.exists() else []
        ports = Ports(self.port_count, [int(port) for port in noted if PORT.fullmatch(port)])
        note.write_text(" ".join(map(str, ports.numbers)), encoding="ascii")
        return ports

    def _serves(self) -> bool:
        try:
            return self._answers()
        except OSError:
            return False

    def _last_words(self) -> str:
        return self.log.read_bytes()[-TAIL:].decode(errors="replace").strip()
