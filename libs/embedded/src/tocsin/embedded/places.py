"""Where the engines keep what belongs to no single data folder."""

import os
import stat
import tempfile
from pathlib import Path

from tocsin.embedded.errors import FolderUnusable


def cache() -> Path:
    """The folder for jars and class archives, shared by all clones on this machine; made if absent.

    ``$TOCSIN_CACHE``, else ``tocsin`` in the user's cache folder (XDG Base Directory Specification 0.8).
    """
    named = os.environ.get("TOCSIN_CACHE")
    folder = Path(named) if named else _user_cache() / "tocsin"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderUnusable(
            f"the cache folder {folder} cannot be made ({error.strerror}): "
            "set TOCSIN_CACHE to a folder this user may write"
        ) from error
    return folder.resolve()


def _user_cache() -> Path:
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    return Path(xdg) if xdg.startswith("/") else Path.home() / ".cache"


def runtime() -> Path:
    """The user's own folder under the system's temp folder: port locks and throw-away data.

    Its name can be guessed, so it is refused unless it is a real folder of ours that only we can write.
    """
    folder = Path(tempfile.gettempdir()) / f"tocsin-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise FolderUnusable(
            f"{folder} cannot be made ({error.strerror}): set TMPDIR to a folder this user may write"
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise FolderUnusable(
            f"{folder} could be changed by others: remove it, or set TMPDIR to another folder"
        )
    return folder.resolve()
