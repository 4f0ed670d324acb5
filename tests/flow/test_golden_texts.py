"""Every alert of the June 2026 story as each channel tells it, kept whole: see `make golden`."""

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tocsin.classify import Knowledge, classify, load_catalogue, load_rules
from tocsin.cli.demo.story import Beat, Story, load
from tocsin.contracts import (
    AlertRaised,
    NoticeClassified,
    NoticePublished,
    SourceRef,
    SummarisedAlert,
    SummarySort,
    Tier,
    document_id,
    fingerprint,
    notice_id,
)
from tocsin.contracts.subscriptions import Team
from tocsin.notify.cases.claims import tells
from tocsin.notify.cases.filing import Case, Development, file
from tocsin.notify.channels import (
    Message,
    Sendable,
    Summary,
    alertmanager,
    email,
    matrix,
    pagerduty,
    slack,
    teams,
    webhook,
)
from tocsin.notify.feed import atom
from tocsin.notify.letter import letter_of
from tocsin.notify.pacing.summing import Open
from tocsin.notify.pacing.summing import compose as compose_summary
from tocsin.notify.routing.route import route
from tocsin.notify.standing import Standing
from tocsin.notify.wording import compose

GOLDEN = Path(__file__).parents[2] / "services" / "notify" / "tests" / "golden"
DAY_0 = datetime(2026, 6, 13, tzinfo=UTC)
MORNING = timedelta(hours=9)
TRACE = f"00-{'1' * 32}-{'2' * 16}-01"
SOURCES = {
    "status": SourceRef(id="vendor-status", name="Claude Status", tier=Tier.PARTY, kind="statuspage"),
    "press": SourceRef(id="wire", name="Morning Wire", tier=Tier.PRESS, kind="feed"),
    "gazette": SourceRef(id="gazette", name="The Gazette", tier=Tier.OFFICIAL, kind="feed"),
    "push": SourceRef(id="newsroom", name="Anthropic newsroom", tier=Tier.PARTY, kind="push"),
}


class Town:
    """The story without engines: notices are classified, filed and routed, and nothing is stored."""

    def __init__(self, story: Story, knowledge: Knowledge) -> None:
        declared = [Team.model_validate(_addressed(team)) for team in story.teams]
        self._knowledge = knowledge
        self._standing = Standing(declared, load_catalogue())
        self._cases: dict[str, Case] = {}
        self._told: dict[str, dict[str, frozenset[str]]] = defaultdict(dict)

    def hear(self, beat: Beat) -> Iterator[Message]:
        """What the teams are told when a beat happens."""
        fact = self._classified(beat)
        latest_first = sorted(self._cases.values(), key=lambda case: case.changed_at, reverse=True)
        for filing in file(fact, latest_first) if tells(fact) else ():
            self._cases[filing.case.id] = filing.case
            if filing.step is not None:
                yield from self._tell(Development(fact=fact, case=filing.case, step=filing.step))

    def _tell(self, news: Development) -> Iterator[Message]:
        told = self._told[news.case.id]
        for to in route(news, self._standing.subscribers, told, self._standing.names):
            url = f"https://tocsin.example/cases/{news.case.ref}"
            raised_at = news.fact.classified_at + timedelta(milliseconds=40)
            alert = compose(news, to, raised_at=raised_at, case_url=url)
            concerned = frozenset(ref.id for ref in alert.concerns)
            told[to.team] = told.get(to.team, frozenset()) | concerned
            name = self._standing.teams[to.team].name
            yield Message(
                fingerprint("d", alert.id),
                alert,
                name,
                TRACE,
                acknowledge_url=f"https://tocsin.example/acknowledge/{alert.id}.signed",
            )

    def _classified(self, beat: Beat) -> NoticeClassified:
        source, at = SOURCES[beat.wire], moment(beat.when)
        document = document_id(source.id, beat.id)
        notice = NoticePublished(
            id=notice_id(document, f"{beat.title} {beat.text}"),
            document_id=document,
            revision=1,
            source=source,
            title=beat.title,
            text=f"{beat.state} - {beat.text}" if beat.state else beat.text,
            url=None if beat.wire == "push" else f"https://{beat.wire}.example/{beat.id}",
            published_at=at,
            first_seen_at=at + timedelta(seconds=20),
            content_sha256=fingerprint("bytes", beat.title, beat.text).rsplit("-", 1)[1].ljust(64, "0"),
        )
        return NoticeClassified(
            id=notice.id,
            notice=notice,
            classification=classify(notice, self._knowledge),
            rules_version="r-golden",
            classified_at=notice.first_seen_at + timedelta(milliseconds=30),
        )


def moment(when: str) -> datetime:
    """The time of a beat: `day 18, 23:55 UTC`; nine in the morning where it says none."""
    told = re.match(r"day (\d+)(?:.*?(\d\d):(\d\d))?", when)
    assert told is not None
    day, hour, minute = told.groups()
    into = timedelta(hours=int(hour), minutes=int(minute)) if hour else MORNING
    return DAY_0 + timedelta(days=int(day)) + into


def _addressed(team: dict[str, Any]) -> dict[str, Any]:
    channels = [
        channel | ({"url": "https://pager.example"} if "url" in channel else {})
        for channel in team["channels"]
    ]
    return team | {"channels": channels}


def texts(message: Sendable) -> dict[str, str]:
    """A message as each channel sends it, by the name of its file."""
    letter = letter_of(message)
    mail = email.compose(message, "tocsin@tocsin.example", "duty@platform.example")
    parts = {part.get_content_subtype(): part.get_content() for part in mail.iter_parts()}
    head = "".join(f"{name}: {value}\n" for name, value in mail.items() if name != "Content-Type")
    at = message.alert.raised_at if isinstance(message, Message) else message.told.until
    bodies: dict[str, object] = {
        "webhook": json.loads(webhook.content(message, at)),
        "slack": slack.payload(letter),
        "teams": teams.envelope(letter),
    }
    if isinstance(message, Message):
        bodies |= {"pagerduty": pagerduty.event(message), "alertmanager": alertmanager.alerts(message)}
    written = {
        f"{kind}.json": json.dumps(body, ensure_ascii=False, indent=1) + "\n" for kind, body in bodies.items()
    }
    said = str(matrix.event(message)["body"])
    written |= {
        "mail.txt": f"{head}\n{parts['plain']}",
        "mail.html": parts["html"],
        "matrix.txt": f"{said}\n",
    }
    if isinstance(message, Message):
        written["feed.xml"] = atom(message.alert.team, message.team, [message.alert]).decode() + "\n"
    return written


def week(messages: Iterable[Message]) -> Summary:
    """What a team that wants a weekly digest reads of all this."""
    alerts = [message.alert for message in messages]
    items = [
        SummarisedAlert.model_validate(alert.model_dump(include=set(SummarisedAlert.model_fields)))
        for alert in alerts
    ]
    told = Open("s-golden", alerts[0].team, "digest", SummarySort.DIGEST, since=DAY_0)
    composed = compose_summary(told, items, DAY_0 + timedelta(days=28), lambda _: "https://tocsin.example/s")
    return Summary(told.id, composed, "Platform", TRACE)


def told(story: Story) -> Iterator[tuple[Beat, list[Message]]]:
    """The messages of each beat."""
    town = Town(story, Knowledge.of(load_catalogue(), load_rules()))
    for beat in story.beats:
        yield beat, list(town.hear(beat))


def folder(alert: AlertRaised) -> str:
    """Where the texts of an alert are."""
    return f"{alert.raised_at:%m-%d}-{alert.team}-{alert.kind}"


def folders(messages: Collection[Message]) -> dict[str, Sendable]:
    """All that is kept, by folder."""
    every: dict[str, Sendable] = {folder(message.alert): message for message in messages}
    return every | {"digest-platform": week(one for one in messages if one.alert.team == "platform")}


@pytest.fixture(scope="module")
def messages() -> dict[str, Message]:
    """By folder: every message of the story, which must be those that it asks for."""
    found: dict[str, Message] = {}
    for beat, heard in told(load()):
        assert {m.alert.team: m.alert.kind for m in heard} == beat.tells, beat.title
        found |= {folder(m.alert): m for m in heard}
    return found


def test_the_texts_of_the_story_are_as_they_were(messages: dict[str, Message]) -> None:
    every = folders(messages.values())
    now = {f"{place}/{name}": text for place, one in every.items() for name, text in texts(one).items()}
    kept = {
        str(path.relative_to(GOLDEN)): path.read_text("utf-8") for path in GOLDEN.rglob("*") if path.is_file()
    }
    different = sorted(name for name in now.keys() | kept.keys() if now.get(name) != kept.get(name))
    assert not different, "if it should be so: `make golden`, and read the difference"


@pytest.mark.parametrize("name", ["mail.txt", "matrix.txt"])
def test_what_a_reader_needs_stands_in_the_first_screen_of_a_phone(
    messages: dict[str, Message], name: str
) -> None:
    """What, since when, how sure, where to look: within ten lines of forty characters."""
    for message in messages.values():
        alert = message.alert
        text = texts(message)[name].split("\n\n", 1)[-1] if name == "mail.txt" else texts(message)[name]
        screen = text[:400]
        for needed in (alert.headline, alert.severity.upper(), alert.case_ref, "UTC"):
            assert needed in screen
        assert alert.provenance[1:] in screen


def _write() -> Iterator[str]:
    """Write all of them anew; gives the names of the folders."""
    heard = [message for _, messages in told(load()) for message in messages]
    shutil.rmtree(GOLDEN, ignore_errors=True)
    for place, message in folders(heard).items():
        (GOLDEN / place).mkdir(parents=True)
        for name, text in texts(message).items():
            (GOLDEN / place / name).write_text(text, "utf-8")
        yield place


if __name__ == "__main__":
    print("golden texts:", *_write())  # noqa: T201 - it is a script here
