"""Logs: one line an event whatever it holds, and no flood from libraries."""

import json
import logging

import pytest
import structlog

from tocsin.chassis import logs
from tocsin.chassis.logs import OncePer


def test_a_hostile_value_stays_inside_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("test", level="info", fmt="json")
    try:
        logs.get("tocsin.test").info("read", title='x"}\n{"event": "forged"}\x1b[31m')
        logging.getLogger("library").warning("said\n%s", "forged")
    finally:
        logging.basicConfig(handlers=[], force=True)
        structlog.reset_defaults()
    lines = capsys.readouterr().err.splitlines()
    assert [json.loads(line)["service"] for line in lines] == ["test", "test"]
    assert json.loads(lines[0])["event"] == "read"


def test_a_library_says_one_thing_once_and_we_say_all_of_ours() -> None:
    quiet = OncePer(60)

    def passes(name: str, message: str) -> bool:
        return quiet.filter(logging.LogRecord(name, logging.WARNING, "", 0, message, (), None))

    assert [passes("aiokafka", "no connection to %s") for _ in range(3)] == [True, False, False]
    assert passes("aiokafka", "something else")
    assert all(passes("tocsin.ingest", "polled") for _ in range(3))
