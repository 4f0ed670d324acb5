"""`tocsin explain` and `tocsin rules` as the person who keeps the rules meets them."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin.chassis import producer, topics
from tocsin.classify import Knowledge, classify, load_catalogue, load_rules
from tocsin.classify.batch import read_item
from tocsin.cli.worklist import Sighting, grouped
from tocsin.contracts import NOTICES_CLASSIFIED, TOPICS, NoticeClassified
from tocsin.contracts.cloudevents import Record, to_record
from tocsin.embedded import Engines

TITLE = "Commerce bans Grok 4"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

Tocsin = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tocsin(tmp_path: Path) -> Tocsin:
    def run(*words: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        return subprocess.run(
            [sys.executable, "-m", "tocsin.cli", *words],
            cwd=tmp_path,
            env=clean | {"COLUMNS": "160"} | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_an_explanation_marks_names_weighs_and_says_what_would_change_it(tocsin: Tocsin) -> None:
    shown = tocsin("explain", "--title", TITLE, "Sources said so.").stdout
    assert "[Commerce](" in shown
    assert "Grok 4 (" in shown
    assert "score" in shown
    assert "What would change it" in shown
    assert "published 3 days earlier: " in shown
    assert "\x1b" not in shown


def test_an_explanation_is_a_page_and_json_at_once(tocsin: Tocsin, tmp_path: Path) -> None:
    told = json.loads(
        tocsin("explain", "-", "--html", "why.html", "--json", stdin=f"{TITLE} <b>now</b>").stdout
    )
    assert told["verdict"]["action"] == told["classification"]["action"] == "imposed"
    assert "&lt;b&gt;" in (tmp_path / "why.html").read_text("utf-8")
    assert "<b>" not in (tmp_path / "why.html").read_text("utf-8")


def test_a_page_that_cannot_be_written_is_exit_2(tocsin: Tocsin) -> None:
    failed = tocsin("explain", TITLE, "--html", "absent/why.html")
    assert (failed.returncode, "cannot write" in failed.stderr) == (2, True)


def test_a_check_counts_what_holds(tocsin: Tocsin) -> None:
    report = json.loads(tocsin("rules", "check", "--json").stdout)
    assert report["flaws"] == []
    assert report["examples"] > report["rules"] > 100


def test_a_check_names_file_rule_and_example(tocsin: Tocsin, tmp_path: Path) -> None:
    rule = "id: a.b, words: w, source: s, say: sanctions/imposed, weight: 5, any: [lists]"
    (tmp_path / "listing.yaml").write_text(f"- {{{rule}, fires: [it sings], silent: [it sleeps]}}\n")
    failed = tocsin("rules", "check", ".")
    assert failed.returncode == 1
    assert "listing.yaml: a.b: does not fire on its example 'it sings'" in failed.stderr
    (tmp_path / "mine.yaml").touch()
    assert tocsin("rules", "check", ".").returncode == 2
    assert tocsin("rules", "check", "absent/listing.yaml").returncode == 2


def test_a_test_shows_masks_and_the_clause_of_each_rule(tocsin: Tocsin) -> None:
    shown = tocsin("rules", "test", "Italy has banned Grok 4, which it had praised.").stdout
    assert "PPPPP has banned MMMMMM, which" in shown
    assert "in “Italy has banned Grok 4”" in shown


@pytest.mark.parametrize(
    ("rule", "text", "says"),
    [
        ("model.banned", "Italy bans Grok 4.", "fires on"),
        ("model.banned", "Italy praises Grok 4.", "none of its phrases is there"),
        ("security.exploited", "Italy bans Grok 4.", "sentence 1: silent"),
        ("stage.denied", "Italy denied that it had banned Grok 4.", "denied"),
        ("veto.opinion", "Italy bans Grok 4.", "none of its phrases is there"),
        ("veto.opinion", "Opinion on Grok 4.", "it holds"),
    ],
)
def test_one_rule_says_why_it_speaks_or_does_not(rule: str, text: str, says: str, tocsin: Tocsin) -> None:
    shown = tocsin("rules", "test", "--rule", rule, text)
    assert shown.returncode == 0
    assert says in shown.stdout


def test_a_rule_that_is_not_there_is_a_mistake_of_the_call(tocsin: Tocsin) -> None:
    failed = tocsin("rules", "test", "--rule", "absent", "A text")
    assert (failed.returncode, "tocsin rules list" in failed.stderr) == (2, True)


def test_rules_are_listed_with_their_words_and_source(tocsin: Tocsin) -> None:
    (found,) = json.loads(tocsin("rules", "list", "veto.fiction", "--json").stdout)
    assert (found["file"], found["says"]) == ("veto.yaml", "no act")
    assert "veto.fiction" in tocsin("rules", "list", "fiction").stdout


def test_unknown_wordings_of_a_file_are_a_work_list(tocsin: Tocsin, tmp_path: Path) -> None:
    titles = [
        "Seoul serenades Grok 4",
        "Rome serenades Claude Opus 4.8",
        "Grok 4 waltzes out of Italy",
        TITLE,
    ]
    lines = (json.dumps({"id": str(number), "title": title}) for number, title in enumerate(titles))
    (tmp_path / "items.jsonl").write_text("\n".join(lines))
    work = json.loads(tocsin("rules", "unknown", "-i", "items.jsonl", "--json").stdout)
    assert [(one["wording"], one["count"]) for one in work] == [
        ("PLACE serenades MODEL", 2),
        ("MODEL waltzes out of PLACE", 1),
    ]
    assert work[0]["titles"] == titles[:2]
    (tmp_path / "items.jsonl").write_text("[1]\n")
    failed = tocsin("rules", "unknown", "-i", "items.jsonl")
    assert (failed.returncode, "line 1" in failed.stderr) == (2, True)


def test_unknown_wordings_are_read_from_the_classified_topic(tocsin: Tocsin, engines: Engines) -> None:
    asyncio.run(topics.apply(engines.kafka.bootstrap, TOPICS))
    titles = ["Seoul yodels at Grok 4", "Seoul bans Grok 4", "Rome yodels at Grok 4"]
    _classified(engines, [("yodel-1", titles[0]), ("yodel-2", titles[2]), ("yodel-2", titles[1])])
    shown = tocsin("rules", "unknown", "--json", TOCSIN_KAFKA_BOOTSTRAP_SERVERS=engines.kafka.bootstrap)
    (work,) = (one for one in json.loads(shown.stdout) if "yodels" in one["wording"])
    assert (work["count"], work["titles"]) == (1, titles[:1])  # the second document has a later revision


def test_the_most_frequent_wording_comes_first() -> None:
    found = {str(n): Sighting(f"title {n}", "b" if n else "a") for n in range(6)}
    assert [(one.wording, one.count, len(one.titles)) for one in grouped(found)] == [("b", 5, 3), ("a", 1, 1)]


def _classified(engines: Engines, told: list[tuple[str, str]]) -> None:
    knowledge = Knowledge.of(load_catalogue(), load_rules())

    async def write() -> None:
        async with producer.connect(engines.kafka.bootstrap, lambda _: None) as kafka:
            odd = Record(b"odd", b"no event")
            records = [_record(knowledge, id_, title) for id_, title in told]
            await kafka.publish(NOTICES_CLASSIFIED, [odd, *records])

    asyncio.run(write())


def _record(knowledge: Knowledge, id_: str, title: str) -> Record:
    notice, now = read_item({"id": id_, "title": title}), datetime.now(UTC)
    fact = NoticeClassified(
        id=notice.id,
        notice=notice,
        classification=classify(notice, knowledge),
        rules_version=knowledge.version,
        classified_at=now,
    )
    return to_record(fact, source="classify", time=now, traceparent=TRACE)
