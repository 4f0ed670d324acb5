"""The snapshot folder: named by content, whole or absent."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from tocsin.ingest.snapshots import Folder


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_bytes_lie_under_their_hash_once(tmp_path: Path) -> None:
    snapshots = Folder(tmp_path)
    names = await asyncio.gather(*(snapshots.keep(b"evidence") for _ in range(20)))
    assert set(names) == {hashlib.sha256(b"evidence").hexdigest()}
    assert snapshots.path(names[0]).read_bytes() == b"evidence"
    assert files_in(tmp_path) == [snapshots.path(names[0])]
    assert snapshots.path(names[0]).relative_to(tmp_path).parts[:2] == ("sha256", names[0][:2])


async def test_a_folder_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "sha256").write_text("in the way")
    with pytest.raises(OSError, match="sha256"):
        await Folder(tmp_path).keep(b"evidence")
