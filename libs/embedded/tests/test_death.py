"""Nothing outlives its owner, however the owner dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tocsin.embedded import Postgres, places
from tocsin.embedded.child import LAUNCH, Child, Command
from tocsin.embedded.errors import FolderUnusable, WrongThread

OWNER = """
import signal, sys
from pathlib import Path
from tocsin.embedded import Engines
data = Path(sys.argv[1]) if len(sys.argv) > 1 else None
with Engines(data) as engines:
    for engine in (engines.kafka, engines.postgres):
        print(engine._child.pid, engine.folder, flush=True)
    signal.pause()
"""


def eventually(condition: Callable[[], bool], patience: float = 20) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """A zombie is dead: who reaps it is not our affair."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start_owner(*arguments: str) -> tuple[subprocess.Popen[str], list[int], list[Path]]:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *arguments], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    lines = [owner.stdout.readline().split() for _ in range(2)]
    return owner, [int(pid) for pid, _ in lines], [Path(folder) for _, folder in lines]


def crash(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.communicate()


def test_both_die_with_a_killed_owner_and_their_folders_are_swept_later() -> None:
    owner, pids, folders = start_owner()
    assert all(map(alive, pids))
    crash(owner)
    eventually(lambda: not any(map(alive, pids)))
    assert all(folder.exists() for folder in folders)

    def swept() -> bool:
        with Postgres():
            return not any(folder.exists() for folder in folders)

    eventually(swept)  # the first start may come before PostgreSQL's last process has gone


def test_a_living_throw_away_is_not_swept() -> None:
    with Postgres() as one, Postgres():
        assert (one.folder / "data" / "PG_VERSION").exists()


def test_the_next_owner_waits_for_the_processes_of_a_killed_one(tmp_path: Path) -> None:
    owner, pids, _ = start_owner(str(tmp_path))
    crash(owner)
    with Postgres(tmp_path / "postgres"):
        assert not alive(pids[1])


def test_up_prints_both_addresses_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tocsin.embedded", "up", "--data", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as up:
        assert up.stdout
        assert up.stderr
        lines = [up.stdout.readline() for _ in range(2)]
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0
        assert up.stderr.read() == ""
    assert lines[0].startswith("TOCSIN_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:")
    assert lines[1].startswith("TOCSIN_DATABASE_URL=postgresql://tocsin@127.0.0.1:")
    assert (tmp_path / "kafka" / "data" / ".kafka_cleanshutdown").exists()
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()


def test_a_child_does_not_start_when_its_parent_has_gone_already() -> None:
    not_us = str(os.getpid() + 1)
    done = subprocess.run(
        [sys.executable, LAUNCH, not_us, "9", "", "/bin/true"], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"the parent has gone already\n")


def test_an_engine_is_not_started_outside_the_main_thread(tmp_path: Path) -> None:
    raised: list[BaseException] = []

    def start() -> None:
        try:
            Child(Command(["/bin/true"], log=tmp_path / "log", orphaned=signal.SIGKILL))
        except WrongThread as error:
            raised.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "start it from the main thread" in str(raised[0])


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    deaf = ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]
    child = Child(Command(deaf, log=log, orphaned=signal.SIGKILL))
    eventually(lambda: b"ready" in log.read_bytes())
    assert child.stop(signal.SIGTERM, 0.2) == -signal.SIGKILL
    assert not alive(child.pid)


def test_a_folder_that_others_could_change_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ours = tmp_path / f"tocsin-{os.geteuid()}"
    ours.symlink_to(tmp_path)
    with pytest.raises(FolderUnusable, match="could be changed by others"):
        places.runtime()
    ours.unlink()
    ours.mkdir()
    ours.chmod(0o777)
    with pytest.raises(FolderUnusable, match="could be changed by others"):
        places.runtime()
