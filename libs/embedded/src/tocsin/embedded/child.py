"""A process that dies with us, even when we are killed -9."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tocsin.embedded.errors import WrongThread

LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Command:
    """What to run. ``orphaned`` is the signal it gets when we end without stopping it.

    ``account`` is the (user id, group id) to run as, None for our own. ``inherit`` are descriptors that
    it and its children keep open. ``environment`` None is our own.
    """

    words: Sequence[str | Path]
    log: Path
    orphaned: signal.Signals
    folder: Path = Path("/")
    account: tuple[int, int] | None = None
    inherit: Sequence[int] = ()
    environment: Mapping[str, str] | None = None


class Child:
    """The running command, in a session of its own: Ctrl-C reaches us alone, who then stop it in order."""

    def __init__(self, command: Command) -> None:
        if threading.current_thread() is not threading.main_thread():
            # PR_SET_PDEATHSIG fires when the *thread* that started the child ends, prctl(2).
            raise WrongThread("an engine dies with the thread that starts it: start it from the main thread")
        account = ":".join(map(str, command.account)) if command.account else ""
        launch: list[str | Path] = [
            sys.executable,
            "-I",
            "-S",
            LAUNCH,
            str(os.getpid()),
            str(int(command.orphaned)),
            account,
        ]
        with command.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own words, no shell
                [*launch, *command.words],
                cwd=command.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=command.inherit,
                env=command.environment,
            )

    @property
    def pid(self) -> int:
        """Its process id: the same before and after the launcher becomes the command."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; -N after signal N."""
        return self._process.poll()

    def wait(self, patience: float) -> int:
        """Its exit code; it is killed when it takes longer than ``patience`` seconds."""
        try:
            return self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return self.kill()

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        self._process.send_signal(number)

    def stop(self, polite: signal.Signals, patience: float) -> int:
        """Ask it to end, and kill it if it does not within ``patience`` seconds; its exit code."""
        self.tell(polite)
        return self.wait(patience)

    def kill(self) -> int:
        """End it as a crash would; its exit code."""
        self._process.kill()
        return self._process.wait()
