"""Notices read again: what differs is named, and the cases that only one of the two readings makes."""

from datetime import UTC, datetime
from typing import Any

from tocsin.cli.reread import Opened, Reread, cases
from tocsin.contracts import NoticeClassified

AT = datetime(2026, 6, 12, 22, 0, tzinfo=UTC)
FABLE = {"id": "model:claude-fable-5", "name": "Claude Fable 5", "kind": "model", "role": "subject"}


def read(name: str, **said: Any) -> NoticeClassified:
    usual = {
        "category": "model_restriction",
        "action": "imposed",
        "certainty": "official",
        "severity": "high",
    }
    source = {"id": "agency", "name": "Agency", "tier": "official", "kind": "feed"}
    notice = {
        "id": name,
        "document_id": f"doc-{name}",
        "revision": 1,
        "source": source,
        "title": f"On {name}",
        "text": "",
        "first_seen_at": AT,
        "content_sha256": "0" * 64,
    }
    classification = usual | {"entities": [FABLE]} | said
    return NoticeClassified.model_validate(
        {
            "id": name,
            "notice": notice,
            "classification": classification,
            "rules_version": "r",
            "classified_at": AT,
        }
    )


def test_only_what_differs_is_named() -> None:
    same = Reread(read("a"), read("a"))
    other = Reread(read("a"), read("a", action="lifted", jurisdictions=("US", "EU"), entities=[]))
    assert same.differs() == {}
    assert other.differs() == {
        "action": ("imposed", "lifted"),
        "jurisdictions": ("not stated", "US, EU"),
        "about": ("Claude Fable 5", "nothing"),
    }


def test_cases_are_those_that_one_reading_makes_and_the_other_does_not() -> None:
    missed = Reread(read("missed", action="none"), read("missed"))
    joins = Reread(read("joins"), read("joins"))
    found = cases([missed, joins])
    assert (found.new, found.gone) == ([], [])  # of one measure they are one case, by the same first notice
    apart = Reread(read("x", entities=[]), read("x", entities=[], category="not_regulatory"))
    found = cases([apart])
    assert [one.title for one in found.gone] == ["On x"]
    assert isinstance(found.gone[0], Opened)
    assert found.new == []
