"""The story of June 2026 across the three services, from the bytes of a feed to the inboxes of teams."""

import asyncio
import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer

from tocsin.cli.client import call
from tocsin.cli.demo.run import expected
from tocsin.contracts import ALERTS, NOTICES_CLASSIFIED, NOTICES_PUBLISHED, AlertRaised, NoticeClassified
from tocsin.contracts.cloudevents import Received, from_record, header
from tocsin.contracts.trace import trace_id

if TYPE_CHECKING:
    from aiokafka.structs import ConsumerRecord

    from tests.conftest import Told


def test_each_beat_is_told_to_the_right_teams_and_to_nobody_else(told: "Told") -> None:
    for beat, arrivals in told.heard:
        assert sorted(arrival.team for arrival in arrivals) == sorted(beat.tells), beat.title


def test_every_alert_is_told_once(told: "Told") -> None:
    alerts = told.town.get("alerts")
    assert Counter((alert["team"], alert["kind"]) for alert in alerts) == expected(told.story)
    assert len(told.town.inbox.arrivals) == len(alerts)
    assert len({arrival.id for arrival in told.town.inbox.arrivals}) == len(alerts)
    assert not told.town.inbox.rejected


def test_the_lift_reaches_everyone_who_was_told_of_the_ban(told: "Told") -> None:
    kinds: dict[str, set[str]] = {}
    for alert in told.town.get("alerts"):
        if alert["category"] != "export_control" or "H20" not in alert["headline"]:
            kinds.setdefault(alert["team"], set()).add(alert["kind"])
    assert all("lifted" in told_of for told_of in kinds.values() if "opened" in told_of)
    assert len(kinds) == 3


def test_everyday_notices_and_copies_open_no_case(told: "Told") -> None:
    cases = told.town.get("cases")
    assert len(cases) == 2
    june = next(case for case in cases if len(case["subjects"]) > 2)
    assert (june["state"], june["steps"], june["category"]) == ("lifted", 3, "export_control")


def test_a_case_can_be_read_back_with_its_steps_and_why_each_notice_is_in_it(told: "Told") -> None:
    place = told.town.stack.place
    june = next(case for case in told.town.get("cases") if len(case["subjects"]) > 2)
    case = call("GET", f"{place.notify_url}/v1/cases/{june['ref']}", place.api_key)
    assert [step["kind"] for step in case["steps"]] == ["opened", "eased", "lifted"]
    assert all(notice["because"] for notice in case["notices"])
    assert sum(notice["notice"]["source"]["tier"] == "press" for notice in case["notices"]) >= 4


def test_every_quote_is_in_its_notice_and_its_hash_leads_to_the_bytes(told: "Told") -> None:
    notices = {record.id: record for record in _facts(told)}
    snapshots = {path for path in told.town.stack.snapshots.rglob("*") if path.is_file()}
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in snapshots}
    for alert in told.town.get("alerts"):
        for quote in alert["quotes"]:
            notice = notices[quote["notice_id"]].notice
            assert quote["text"].strip("…") in f"{notice.title}\n{notice.text}"
            assert quote["sha256"] in hashes


def test_every_delivery_took_one_attempt(told: "Told") -> None:
    deliveries = told.town.get("deliveries")
    assert Counter((d["state"], d["attempts"], len(d["log"])) for d in deliveries) == {
        ("delivered", 1, 1): len(told.town.get("alerts"))
    }


def test_the_audit_finds_every_delivery_confirmed_and_no_gap(told: "Told") -> None:
    place = told.town.stack.place
    audited = call("GET", f"{place.notify_url}/v1/audit", place.api_key)
    assert (audited["gaps"], audited["open"], audited["next"]) == ([], [], None)
    assert audited["expected"] == audited["confirmed"] == len(told.town.get("alerts"))


def test_the_alerts_topic_holds_each_alert_once_under_its_team(told: "Told") -> None:
    records = _read(told, ALERTS.name)
    alerts = [from_record(Received(record.value, record.headers), AlertRaised) for record in records]
    assert sorted(alert.id for alert in alerts) == sorted(alert["id"] for alert in told.town.get("alerts"))
    assert [record.key.decode() for record in records] == [alert.team for alert in alerts]


def test_one_trace_leads_from_the_notice_to_the_alert(told: "Told") -> None:
    published = {json.loads(r.value)["id"]: _trace(r) for r in _read(told, NOTICES_PUBLISHED.name)}
    for record in _read(told, ALERTS.name):
        alert = from_record(Received(record.value, record.headers), AlertRaised)
        assert _trace(record) == published[alert.quotes[0].notice_id]


@pytest.mark.parametrize("topic", [NOTICES_PUBLISHED, NOTICES_CLASSIFIED])
def test_nothing_was_buried(told: "Told", topic: object) -> None:
    assert not _read(told, f"{getattr(topic, 'dead', '')}")


def _facts(told: "Told") -> list[NoticeClassified]:
    records = _read(told, NOTICES_CLASSIFIED.name)
    return [from_record(Received(record.value, record.headers), NoticeClassified) for record in records]


def _trace(record: "ConsumerRecord") -> str | None:
    return trace_id(header(record.headers, "traceparent"))


def _read(told: "Told", topic: str) -> list["ConsumerRecord"]:
    """Everything on a topic."""

    async def read() -> list["ConsumerRecord"]:
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=told.town.stack.place.kafka, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            found: list[ConsumerRecord] = []
            async with asyncio.timeout(20):
                while len(found) < sum(ends.values()):
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found += records
            return found
        finally:
            await consumer.stop()

    return asyncio.run(read())
