"""Secrets by name: from the environment, or from a file, which may change while we run."""

from pathlib import Path

import pytest

from tocsin.notify.keyring import LONGEST, Keyring


def test_the_environment_comes_before_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from the file\n", encoding="utf-8")
    keyring = Keyring({"A": "from the environment", "A_FILE": str(file), "B_FILE": str(file)})
    assert (keyring["A"], keyring["B"]) == ("from the environment", "from the file")
    file.write_text("another\n", encoding="utf-8")
    assert keyring["B"] == "another"
    assert set(keyring) == {"A", "A_FILE", "B_FILE", "B"}
    assert len(keyring) == 4


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff", b"x" * (LONGEST + 1)])
def test_a_file_that_holds_no_secret_is_none(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    keyring = Keyring({"A_FILE": str(file)})
    assert "A" not in keyring
    assert keyring.get("A") is None
    assert "B" not in keyring
