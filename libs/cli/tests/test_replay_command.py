"""`tocsin replay` on real Kafka: notices are read again, what differs is shown, and nothing is published."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

from tocsin.chassis import producer, topics
from tocsin.classify import Knowledge, classify, load_catalogue, load_rules
from tocsin.classify.batch import read_item
from tocsin.contracts import NOTICES_CLASSIFIED, TOPICS, Action, Category, NoticeClassified
from tocsin.contracts.cloudevents import Record, to_record
from tocsin.contracts.trace import new_traceparent
from tocsin.embedded import Engines

KNOWLEDGE = Knowledge.of(load_catalogue(), load_rules())


def classified(title: str, source: str, *, missed: bool) -> Record:
    """As the rules have it, or as rules had it that knew no act."""
    notice = read_item({"id": uuid.uuid4().hex, "title": title, "source_type": "official"})
    notice = notice.model_copy(update={"source": notice.source.model_copy(update={"id": source})})
    said = classify(notice, KNOWLEDGE)
    assert said.action is not Action.NONE
    if missed:
        said = said.model_copy(update={"action": Action.NONE, "category": Category.NOT_REGULATORY})
    fact = NoticeClassified(
        id=notice.id,
        notice=notice,
        classification=said,
        rules_version="of-then",
        classified_at=notice.first_seen_at,
    )
    return to_record(fact, source="classify", time=fact.classified_at, traceparent=new_traceparent())


def test_what_newer_rules_would_say_is_shown_and_changes_nothing(engines: Engines, tmp_path: Path) -> None:
    bootstrap, source = engines.kafka.bootstrap, f"agency-{uuid.uuid4().hex[:8]}"

    async def write() -> None:
        await topics.apply(bootstrap, TOPICS)
        async with producer.connect(bootstrap, lambda _: None) as kafka:
            some = [
                classified("Commerce imposes export controls on Claude Fable 5", source, missed=True),
                classified("Commerce imposes export controls on the H20", source, missed=False),
                classified("Commerce imposes export controls on GPT-4", "another", missed=True),
            ]
            await kafka.publish(NOTICES_CLASSIFIED, some)

    asyncio.run(write())

    def replay(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tocsin.cli", "replay", "--since", "1h", "--source", source, *words],
            env=dict(os.environ) | {"COLUMNS": "250", "TOCSIN_KAFKA_BOOTSTRAP_SERVERS": bootstrap},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = json.loads(replay("--json"))
    assert (said["notices"], len(said["changed"]), said["cases_gone"]) == (2, 1, [])
    (changed,) = said["changed"]
    assert (changed["rules_then"], changed["differs"]["action"]) == (
        "of-then",
        {"then": "none", "now": "imposed"},
    )
    assert [case["title"] for case in said["cases_new"]] == [changed["title"]]
    shown = replay()
    assert "2 notices, 1 read otherwise" in shown
    assert "1 cases more, 0 fewer. Nothing was published." in shown
