"""As root, PostgreSQL runs as somebody else, wherever its data and its programs lie."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.embedded import Postgres, programs

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs PostgreSQL as itself")


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder that nobody but root may enter, such as root's home."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everybody may pass."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setattr(programs, "SHARED", Path(folder) / "tocsin")
        yield Path(folder) / "tocsin"


def owner_of_process(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def test_data_may_lie_where_only_root_can_go(private: Path) -> None:
    with Postgres(private / "postgres") as postgres:
        assert postgres._child
        assert owner_of_process(postgres._child.pid) != 0
        postgres.kill()
        postgres.start()


def test_programs_are_copied_from_where_only_root_can_go(
    private: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = programs.programs(None).parents[2]
    for name in (programs.WHEEL, programs.LIBRARIES):
        (private / name).symlink_to(packages / name)
    monkeypatch.syspath_prepend(private)
    with Postgres() as postgres:
        assert postgres._child
        program = Path(f"/proc/{postgres._child.pid}/exe").resolve()
    assert program.is_relative_to(shared)
    assert [path.name for path in shared.glob("copying-*")] == []


def test_existing_data_keeps_its_owner(tmp_path: Path) -> None:
    with Postgres(tmp_path):
        pass
    shutil.chown(tmp_path / "data", 4_321, 4_321)
    for path in (tmp_path / "data").rglob("*"):
        os.chown(path, 4_321, 4_321)
    with Postgres(tmp_path) as postgres:
        assert postgres._child
        assert owner_of_process(postgres._child.pid) == 4_321
