"""Sources as those who run Tocsin meet them: added live, quarantined, read again, with their evidence."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.system.test_up import PATIENCE_SECONDS, SOURCES, run, up

pytestmark = pytest.mark.system

NOTICES = '{"id": "1", "title": "A rule"}\n{"id": "2"}\n'


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_source_is_added_live_and_its_quarantine_and_evidence_are_at_hand(tmp_path: Path) -> None:
    def ask(*words: str) -> Any:
        return json.loads(run(tmp_path, *words, "--json"))

    path, notices = tmp_path / "sources.yaml", tmp_path / "notices.ndjson"
    path.write_text(SOURCES)
    notices.write_text(NOTICES)
    with up(tmp_path):
        assert [row["id"] for row in ask("sources", "list")] == ["desk", "tocsin-canary"]
        path.write_text(
            f"{SOURCES}  - {{id: file, name: F, tier: press, kind: file, path: {notices}, every: 1}}\n"
        )
        eventually(lambda: "file" in [row["id"] for row in ask("sources", "list")])
        eventually(lambda: ask("sources", "show", "file")["failed_entries"] == 1)
        path.write_text("sources: [")
        shown = ask("sources", "show", "file")
        assert (shown["state"], shown["reason"]) == ("ok", "it is read, and all is as usual")
        assert "file" in run(tmp_path, "sources", "list")
        assert ask("sources", "list", "--ill") == []
        (failed,) = ask("sources", "failed", "list", "--source", "file")
        assert (failed["place"], failed["times"] >= 1, bool(failed["parser"])) == ("line 2", True, True)
        assert run(tmp_path, "snapshot", "show", failed["content_sha256"]) == NOTICES
        assert "line 2" in run(tmp_path, "sources", "failed", "show", str(failed["id"]))
        assert "title or a text" in run(tmp_path, "sources", "failed", "retry", str(failed["id"]), expect=1)
        (read,) = ask("sources", "reparse", "--since", "1h")["file"]
        assert (read["entries"], read["told"], read["failed"]) == (1, 0, 1)
        assert "1 dropped" in run(tmp_path, "sources", "failed", "drop", str(failed["id"]), "-r", "a trial")
        assert ask("sources", "failed", "list") == []
        (dropped,) = ask("sources", "failed", "list", "--all")
        assert dropped["dropped_because"] == "a trial"
        missing = run(tmp_path, "snapshot", "show", "0" * 64, expect=1)
        assert "no bytes of this hash are kept" in missing


def test_lines_are_pushed_from_standard_input_and_what_is_refused_is_named(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(SOURCES)
    lines = [json.dumps({"source": "desk", "title": f"Rule {number}"}) for number in range(1_500)]
    lines[1_200] = '{"source": "nobody", "title": "x"}'

    def push(text: str, expect: int) -> str:
        return run(tmp_path, "push", "-f", "-", expect=expect, stdin=text)

    with up(tmp_path):
        said = push("\n".join(lines), 1)
        assert "1500 lines sent: 1499 taken, 1 refused" in said
        assert "line 1201: source: 'nobody' is not declared" in said
        assert push("\n".join(lines[:3]), 0).count("unchanged") == 3
        assert "line 2: " in push("\n{\n", 1)
        never = run(tmp_path, "sources", "backfill", "desk", "--since", "2026-01-01", expect=1)
        assert "a source of kind push cannot be asked by date" in never
