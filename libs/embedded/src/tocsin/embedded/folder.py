"""The folder an engine lives in: ours alone while we hold it, gone at the end if it is a throw-away."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tocsin.embedded import places
from tocsin.embedded.errors import FolderInUse, FolderUnusable
from tocsin.embedded.locks import locked, try_lock

PATIENCE = 20.0  # seconds: a killed JVM takes up to two to leave, a PostgreSQL that is told to stop far less
OWNER = "owner.lock"  # held by us: a second owner is refused at once
RUNNING = "running.lock"  # held by the engine's processes: who starts the next one waits until all are gone


class Folder:
    """One engine's folder. ``FolderInUse`` if another process owns it, ``FolderUnusable`` if we may not."""

    def __init__(self, data: Path | None, name: str) -> None:
        self.throwaway = data is None
        try:
            self.path, self._lock = _throwaway(name) if data is None else _persistent(data)
        except OSError as error:
            raise FolderUnusable(
                f"the folder cannot be used ({error}): choose another one, or give it to this user"
            ) from error

    @contextlib.contextmanager
    def no_process(self) -> Iterator[int]:
        """Wait until no process of an earlier start is left, then keep others out.

        Yields the descriptor to hand to the new process, which keeps the lock for as long as it or any
        of its children lives, whatever becomes of us.
        """
        with contextlib.ExitStack() as stack:
            try:
                descriptor = stack.enter_context(locked(self.path / RUNNING, PATIENCE))
            except TimeoutError as error:
                raise FolderInUse(
                    f"processes of an earlier start still use {self.path}: find them with "
                    f"`fuser {self.path / RUNNING}` and end them"
                ) from error
            yield descriptor

    def release(self) -> None:
        """Let others have the folder; a throw-away is removed."""
        try:
            if self.throwaway:
                with self.no_process():
                    shutil.rmtree(self.path, ignore_errors=True)  # what stays is swept by a later start
        finally:
            os.close(self._lock)


def _persistent(data: Path) -> tuple[Path, int]:
    data.mkdir(parents=True, exist_ok=True)
    path = data.resolve()
    lock = try_lock(path / OWNER)
    if lock is None:
        owner = (path / OWNER).read_text(encoding="ascii") or "unknown"
        raise FolderInUse(f"{path} is in use by process {owner}: stop that one or choose another folder")
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return path, lock


def _throwaway(name: str) -> tuple[Path, int]:
    home = places.runtime()
    with locked(home / "sweep.lock", PATIENCE):  # nobody sweeps what is made but not yet owned
        _sweep(home)
        path = Path(tempfile.mkdtemp(prefix=f"{name}-", suffix=".tmp", dir=home))
        lock = try_lock(path / OWNER)
    if lock is None:
        raise FolderInUse(f"{path} was taken by another process: start again")
    return path, lock


def _sweep(home: Path) -> None:
    """Remove the throw-aways whose owner was killed and whose processes are gone."""
    for path in home.glob("*.tmp"):
        # Its owner may remove it at this very moment.
        with contextlib.ExitStack() as held, contextlib.suppress(FileNotFoundError):
            if all(_take(path / name, held) for name in (OWNER, RUNNING)):
                shutil.rmtree(path, ignore_errors=True)


def _take(path: Path, held: contextlib.ExitStack) -> bool:
    """Lock a file until the stack is left; False if another holds it."""
    if (lock := try_lock(path)) is None:
        return False
    held.callback(os.close, lock)
    return True
