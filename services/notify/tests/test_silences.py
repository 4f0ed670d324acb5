"""Silences: what each is about, decided without rows; and made, previewed, read and ended over HTTP."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr, ValidationError

from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.contracts import AlertRaised, Category, EntityRef, Kind, NoticeClassified, Reason
from tocsin.notify import api
from tocsin.notify.api.bell import Bell
from tocsin.notify.api.door import Door
from tocsin.notify.pacing.silence import LONGEST, Asked, Scope, Silence, hides, refusal
from tocsin.notify.store import silences
from tocsin.notify.sweep import Sweep

Tell = Callable[..., NoticeClassified]
Start = Callable[[asyncpg.Pool], Any]
Declare = Callable[..., Awaitable[dict[str, str]]]
Call = Callable[..., Awaitable[tuple[int, Any]]]
Alert = Callable[..., AlertRaised]

PATH = "/v1/teams/payments/silences"
NOW = datetime(2026, 6, 13, 12, tzinfo=UTC)
FABLE = EntityRef(id="model:claude-fable-5", name="Claude Fable 5", kind=Kind.MODEL)
OPUS = EntityRef(id="model:claude-opus-4.8", name="Claude Opus 4.8", kind=Kind.MODEL)
ANTHROPIC = EntityRef(id="vendor:anthropic", name="Anthropic", kind=Kind.VENDOR)
OPENAI = EntityRef(id="vendor:openai", name="OpenAI", kind=Kind.VENDOR)


def because(watch: str, *refs: EntityRef) -> Reason:
    return Reason(watch=watch, because="You watch it.", entities=refs)


ABOUT: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("its case", {"case": "case-1"}, {"case_id": "case-1"}, True),
    ("another case", {"case": "case-2"}, {"case_id": "case-1"}, False),
    ("its category", {"category": Category.MODEL_RESTRICTION}, {}, True),
    ("another category", {"category": Category.GUIDANCE}, {}, False),
    ("its source", {"source": "A party source"}, {}, True),
    ("another source", {"source": "A press source"}, {}, False),
    ("its watch", {"watch": "checkout"}, {}, True),
    ("another watch", {"watch": "other"}, {}, False),
    (
        "a watch that is not alone",
        {"watch": "checkout"},
        {"reasons": (because("checkout", FABLE), because("other", FABLE))},
        False,
    ),
    ("what it is about", {"entity": FABLE.id}, {}, True),
    ("something else", {"entity": OPUS.id}, {}, False),
    (
        "one of two things",
        {"entity": FABLE.id},
        {"subjects": (FABLE, OPUS), "reasons": (because("w", FABLE, OPUS),)},
        False,
    ),
    ("the one of two that is the team's", {"entity": FABLE.id}, {"subjects": (FABLE, OPUS)}, True),
    ("the maker", {"entity": ANTHROPIC.id}, {"subjects": (FABLE, ANTHROPIC)}, True),
    ("one of two makers", {"entity": ANTHROPIC.id}, {"subjects": (FABLE, ANTHROPIC, OPENAI)}, False),
    (
        "what a watch of the maker brought",
        {"entity": FABLE.id},
        {"subjects": (FABLE, ANTHROPIC), "reasons": (because("w", ANTHROPIC),)},
        True,
    ),
    (
        "all of it",
        {"entity": FABLE.id, "category": Category.MODEL_RESTRICTION, "watch": "checkout"},
        {},
        True,
    ),
    ("but for one", {"entity": FABLE.id, "category": Category.GUIDANCE, "watch": "checkout"}, {}, False),
]


@pytest.mark.parametrize(
    ("scope", "alert", "hidden"), [row[1:] for row in ABOUT], ids=[row[0] for row in ABOUT]
)
def test_a_silence_hides_what_all_of_it_is_about(
    an_alert: Alert, scope: dict[str, Any], alert: dict[str, Any], hidden: bool
) -> None:
    assert hides(Scope(**scope), an_alert(**alert)) is hidden


def test_a_silence_of_everything_is_none() -> None:
    with pytest.raises(ValidationError, match="a silence of everything"):
        Scope()


@pytest.mark.parametrize(
    ("until", "cure"),
    [
        (NOW, "in the future"),
        (NOW - timedelta(days=1), "in the future"),
        (NOW + LONGEST + timedelta(seconds=1), "90 days at most"),
        (NOW + LONGEST, None),
        (NOW + timedelta(seconds=1), None),
    ],
)
def test_a_silence_ends_and_not_too_late(until: datetime, cure: str | None) -> None:
    told = refusal(until, NOW)
    assert cure in told if cure and told else told == cure


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Start, declare: Declare) -> Any:
    await declare(payments={}, research={"watches": [{"name": "all", "vendors": ["Anthropic"]}]})
    return start(pool)


@pytest.fixture
async def call(replica: Any) -> AsyncIterator[Call]:
    app = create_app("notify", Health())
    app.include_router(
        api.router(Sweep(replica.handler), Door(replica.pool, [SecretStr("a key")]), lambda _: True, Bell())
    )
    headers = {"Authorization": "Bearer a key"}
    async with serve(app, "127.0.0.1", 0) as address, aiohttp.ClientSession(headers=headers) as session:

        async def called(method: str, path: str, **more: Any) -> tuple[int, Any]:
            async with session.request(method, f"{address}{path}", **more) as response:
                return response.status, await response.json(content_type=None)

        yield called


def by(**more: Any) -> dict[str, Any]:
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    return {"author": "ann", "reason": "known", "until": until} | more


async def test_a_silence_is_made_stands_and_is_ended_once(pool: asyncpg.Pool, call: Call) -> None:
    status, made = await call("POST", PATH, json=by(entity="fable 5"))
    assert (status, made["number"], made["entity"]) == (HTTPStatus.CREATED, 1, FABLE.id)
    now = datetime.now(UTC)
    (standing,) = await silences.standing(pool, "payments", now)
    assert standing == Silence.model_validate(made)
    assert await silences.standing(pool, "research", now) == []
    assert await silences.standing(pool, "payments", now + timedelta(days=3)) == []
    assert [one["number"] for one in (await call("GET", PATH))[1]["items"]] == [1]
    assert not await silences.end(pool, "research", 1, "bob", now), "it is another team's"
    assert not await silences.end(pool, "payments", 1, "bob", now + timedelta(days=3)), "it is over by then"
    assert (await call("DELETE", f"{PATH}/1", params={"author": "bob"}))[0] == HTTPStatus.NO_CONTENT
    assert (await call("DELETE", f"{PATH}/1", params={"author": "bob"}))[0] == HTTPStatus.NOT_FOUND
    assert (await call("GET", PATH))[1] == {"items": []}
    (over,) = (await call("GET", PATH, params={"ended": "true"}))[1]["items"]
    assert (over["author"], over["ended_by"]) == ("ann", "bob")


async def test_a_silence_that_is_read_in_a_transaction_is_ended_after_it(
    pool: asyncpg.Pool, other_pool: asyncpg.Pool, call: Call
) -> None:
    """What is folded on its account is there when its summary comes due."""
    await call("POST", PATH, json=by(entity=FABLE.id))
    now = datetime.now(UTC)
    async with other_pool.acquire() as connection:
        async with connection.transaction():
            assert await silences.standing(connection, "payments", now)
            async with pool.acquire() as other, other.transaction():
                await other.execute("set local lock_timeout = '50ms'")
                with pytest.raises(asyncpg.LockNotAvailableError):
                    await other.execute("update silences set ended_at = now(), ended_by = 'bob'")
        assert await silences.end(pool, "payments", 1, "bob", datetime.now(UTC))


async def test_who_is_told_no_more_silences_nothing(
    pool: asyncpg.Pool, replica: Any, declare: Declare
) -> None:
    assert replica
    await declare(payments={})
    now = datetime.now(UTC)
    asked = Asked(team="research", watch="all", until=now + timedelta(days=1), author="ann", reason="known")
    assert await silences.make(pool, asked, now) is None


async def test_a_preview_lists_what_would_have_been_hidden_and_hides_nothing(
    pool: asyncpg.Pool, replica: Any, call: Call, tell: Tell
) -> None:
    await replica.hear(tell("a", tier="party"), tell("b", tier="official", hours=1))
    await replica.hear(tell("c", tier="official", hours=2, action="lifted", severity="high"))
    await replica.hear(tell("o", about=("fable", "opus"), tier="party", hours=900))
    await pool.execute("update alerts set raised_at = raised_at - interval '3 days' where step = 1")
    status, found = await call("POST", f"{PATH}/preview", json={"entity": FABLE.id})
    assert status == HTTPStatus.OK
    assert (found["examined"], found["count"], found["endings"]) == (4, 3, 1)
    assert [one["kind"] for one in found["alerts"]] == ["opened", "confirmed", "opened"]
    assert [one["state"] for one in found["open_cases"]] == ["in_force"]
    assert (await call("POST", f"{PATH}/preview", json={"entity": FABLE.id, "days": 1}))[1]["count"] == 1
    assert (await call("GET", PATH))[1] == {"items": []}


WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    (PATH, by(), 422, "one or more of case"),
    (PATH, by(case="C-000000"), 404, "there is no case"),
    (PATH, by(entity="Claude Nothing"), 404, "the catalogue knows no"),
    (PATH, by(watch="nothing"), 404, "it has: ours"),
    (PATH, by(category="gossip"), 422, "category"),
    (PATH, by(category="guidance", reason=""), 422, "reason"),
    (PATH, by(category="guidance", until=None), 422, "until"),
    (PATH, by(category="guidance", until="2026-06-13T00:00:00"), 422, "until"),
    (PATH, by(category="guidance", until="2020-06-13T00:00:00Z"), 422, "in the future"),
    (PATH, by(category="guidance", until="9999-12-31T23:59:59Z"), 422, "90 days at most"),
    (PATH, by(source="two\nlines"), 422, "source"),
    ("/v1/teams/nobody/silences", by(category="guidance"), 404, "there is no team"),
    (f"{PATH}/preview", {}, 422, "one or more of case"),
]


@pytest.mark.parametrize(("path", "body", "status", "part"), WRONG)
async def test_what_cannot_be_silenced_is_answered_with_what_to_do(
    call: Call, path: str, body: dict[str, Any], status: int, part: str
) -> None:
    answered, problem = await call("POST", path, json=body)
    assert answered == status
    assert part in str(problem)
    assert (await call("GET", "/v1/teams/payments/silences"))[1] == {"items": []}
