"""A small catalogue, classified notices in a line each, and notify's rows on a real database."""

import asyncio
import ipaddress
import re
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from pydantic import SecretStr
from yarl import URL

from tocsin.chassis.consumer import Incoming
from tocsin.chassis.database import connect
from tocsin.chassis.health import Health
from tocsin.chassis.http import create_app, serve
from tocsin.chassis.outbound import connector
from tocsin.contracts import (
    NOTICES_CLASSIFIED,
    AlertRaised,
    CaseState,
    Entity,
    EntityRef,
    Evidence,
    Kind,
    Mention,
    NoticeClassified,
    Reason,
    Role,
    SourceRef,
    Span,
    StepKind,
    Tier,
    document_id,
    fingerprint,
    notice_id,
)
from tocsin.contracts.subscriptions import Subscriptions
from tocsin.contracts.trace import new_traceparent
from tocsin.notify import console
from tocsin.notify.app import migrate
from tocsin.notify.cases.claims import tells
from tocsin.notify.cases.filing import Case, Step, file
from tocsin.notify.console.desk import Desk
from tocsin.notify.console.ingest import Ingest
from tocsin.notify.console.letters import Letters
from tocsin.notify.console.visitor import COOKIE, Entrance, Proxy
from tocsin.notify.directory import Directory
from tocsin.notify.handler import Handler
from tocsin.notify.routing.names import Names
from tocsin.notify.settings import NotifySettings
from tocsin.notify.store import teams
from tocsin.notify.wording import quotes

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
START = datetime(2026, 6, 12, 22, 0, tzinfo=UTC)

ENTITIES = {
    "anthropic": Entity(id="vendor:anthropic", kind=Kind.VENDOR, name="Anthropic", jurisdiction="US"),
    "openai": Entity(id="vendor:openai", kind=Kind.VENDOR, name="OpenAI", jurisdiction="US"),
    "nvidia": Entity(id="vendor:nvidia", kind=Kind.VENDOR, name="NVIDIA", jurisdiction="US"),
    "bis": Entity(id="authority:us-bis", kind=Kind.AUTHORITY, name="BIS", jurisdiction="US"),
    "claude": Entity(id="model:claude", kind=Kind.MODEL, name="Claude", vendor="vendor:anthropic"),
    "claude fable": Entity(
        id="model:claude-fable",
        kind=Kind.MODEL,
        name="Claude Fable",
        vendor="vendor:anthropic",
        family="Claude",
    ),
    "claude mythos": Entity(
        id="model:claude-mythos",
        kind=Kind.MODEL,
        name="Claude Mythos",
        vendor="vendor:anthropic",
        family="Claude",
    ),
    "fable": Entity(
        id="model:claude-fable-5",
        kind=Kind.MODEL,
        name="Claude Fable 5",
        aliases=("Fable 5",),
        api_ids=("claude-fable-5",),
        vendor="vendor:anthropic",
        family="Claude Fable",
    ),
    "mythos": Entity(
        id="model:claude-mythos-5",
        kind=Kind.MODEL,
        name="Claude Mythos 5",
        vendor="vendor:anthropic",
        family="Claude Mythos",
    ),
    "opus": Entity(
        id="model:claude-opus-4.8",
        kind=Kind.MODEL,
        name="Claude Opus 4.8",
        vendor="vendor:anthropic",
        family="Claude",
    ),
    "gpt": Entity(id="model:gpt-6", kind=Kind.MODEL, name="GPT-6", vendor="vendor:openai", family="GPT"),
    "canary": Entity(id="model:tocsin-canary", kind=Kind.MODEL, name="Tocsin Canary"),
    "h20": Entity(id="chip:h20", kind=Kind.CHIP, name="H20", vendor="vendor:nvidia"),
}
MAKERS = {
    name: maker
    for name, entity in ENTITIES.items()
    for maker, made in ENTITIES.items()
    if entity.vendor == made.id
}

Tell = Callable[..., NoticeClassified]


def _mentions(about: tuple[str, ...], beside: tuple[str, ...], title: str, text: str) -> tuple[Mention, ...]:
    makers = tuple(
        dict.fromkeys(MAKERS[name] for name in about if name in MAKERS and MAKERS[name] not in about)
    )
    named = [(name, Role.SUBJECT) for name in (*about, *makers)] + [(name, Role.MENTIONED) for name in beside]
    return tuple(
        Mention(
            id=(entity := ENTITIES[name]).id,
            name=entity.name,
            kind=entity.kind,
            role=role,
            inferred=name in makers,
            spans=tuple(
                Span(field=where, start=at, end=at + len(entity.name), quote=entity.name)
                for where, words in (("title", title), ("text", text))
                if (at := words.find(entity.name)) >= 0
            ),
        )
        for name, role in named
    )


@pytest.fixture(scope="session")
def tell() -> Tell:
    """Writes a classified notice: what it is about, who says it, when, and what it says."""

    def classified(
        document: str = "one",
        about: tuple[str, ...] = ("fable",),
        *,
        tier: str = "press",
        hours: float = 0.0,
        beside: tuple[str, ...] = (),
        title: str | None = None,
        text: str = "The order took effect at once.",
        category: str = "model_restriction",
        **said: Any,
    ) -> NoticeClassified:
        title = title if title is not None else f"On {', '.join(ENTITIES[name].name for name in about)}"
        at = START + timedelta(hours=hours)
        doc = document_id(tier, document)
        identity = notice_id(doc, f"{title} {text} {hours} {category} {said}")
        certainty = "reported" if tier in {"press", "community"} else "official"
        classification = {"action": "imposed", "certainty": certainty, "severity": "critical"} | said
        end = min(len(text), 9)
        act = Span(field="text", start=0, end=end, quote=text[:end])
        return NoticeClassified.model_validate(
            {
                "id": identity,
                "notice": {
                    "id": identity,
                    "document_id": doc,
                    "revision": 1,
                    "source": SourceRef(
                        id=f"a-{tier}", name=f"A {tier} source", tier=Tier(tier), kind="feed"
                    ),
                    "title": title,
                    "text": text,
                    "url": "https://news.example/1",
                    "published_at": at,
                    "first_seen_at": at + timedelta(minutes=1),
                    "content_sha256": "9c1f" * 16,
                },
                "classification": {
                    "category": category,
                    "entities": _mentions(about, beside, title, text),
                    "evidence": [Evidence(claim="action=imposed", rule="a-rule", span=act)],
                    **classification,
                },
                "rules_version": "r-1",
                "classified_at": at + timedelta(minutes=1, seconds=1),
            }
        )

    return classified


@dataclass
class Told:
    """What became of a notice: the case as it stands, and the step if it was one."""

    case: Case
    step: Step | None

    @property
    def what(self) -> str | None:
        return self.step.kind.value if self.step else None


@dataclass
class Town:
    """The cases of a place, kept as the handler keeps them but without rows."""

    cases: dict[str, Case] = field(default_factory=dict)
    steps: list[tuple[str, Step]] = field(default_factory=list)

    def hear(self, fact: NoticeClassified) -> Told | None:
        if not tells(fact):
            return None
        latest_first = sorted(self.cases.values(), key=lambda case: case.changed_at, reverse=True)
        filings = file(fact, latest_first)
        for filing in filings:
            self.cases[filing.case.id] = filing.case
            if filing.step is not None:
                self.steps.append((filing.case.id, filing.step))
        return Told(filings[0].case, filings[0].step) if filings else None


@pytest.fixture(scope="session")
def new_town() -> Callable[[], Town]:
    return Town


@pytest.fixture(scope="session")
def entities() -> list[Entity]:
    return list(ENTITIES.values())


@pytest.fixture(scope="session")
def names() -> Names:
    return Names(ENTITIES.values())


@pytest.fixture(scope="session")
def an_alert(tell: Tell) -> Callable[..., AlertRaised]:
    """Writes an alert about Claude Fable 5 for the team `payments`; anything in it can be replaced."""

    def alert(**other: Any) -> AlertRaised:
        fact = tell(tier="party")
        fable = EntityRef(id="model:claude-fable-5", name="Claude Fable 5", kind=Kind.MODEL)
        case = fingerprint("case", "one")
        said = fact.classification
        return AlertRaised(
            id=fingerprint("a", case, "1", "payments"),
            team="payments",
            case_id=case,
            case_ref="C-7F3K2M",
            step=1,
            kind=StepKind.OPENED,
            state=CaseState.IN_FORCE,
            category=said.category,
            action=said.action,
            certainty=said.certainty,
            severity=said.severity,
            headline="Claude Fable 5: restriction of access in force",
            provenance="reported by the vendor itself · not yet confirmed by the authority",
            happened="Restriction of access in force on Claude Fable 5.",
            quotes=quotes(fact),
            subjects=(fable,),
            reasons=(
                Reason(watch="checkout", because="You watch the model Claude Fable 5.", entities=(fable,)),
            ),
            watch_next=("whom it spares",),
            seen_at=fact.notice.first_seen_at,
            classified_at=fact.classified_at,
            raised_at=fact.classified_at,
        ).model_copy(update=other)

    return alert


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """Notify's tables in a database of the test's own."""
    await asyncio.to_thread(migrate, NotifySettings(database_url=SecretStr(database)))
    async with connect(SecretStr(database), "notify", Health()) as connected:
        yield connected


@pytest.fixture
async def other_pool(database: str, pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Pool]:
    """The same rows, as another replica sees them."""
    assert pool
    async with connect(SecretStr(database), "notify", Health()) as connected:
        yield connected


@dataclass
class Replica:
    """A handler as a replica of notify has it."""

    pool: asyncpg.Pool
    directory: Directory
    handler: Handler

    async def hear(self, *facts: NoticeClassified) -> None:
        """Feed it one poll's notices."""
        incoming = [Incoming(fact, None, new_traceparent()) for fact in facts]
        await self.handler.on_notices_classified(incoming)

    async def counts(self) -> dict[str, int]:
        """How many rows there are of each sort."""
        tables = ("notices", "cases", "steps", "alerts", "deliveries")
        return {table: await self.pool.fetchval(f"select count(*) from {table}") for table in tables}


Start = Callable[[asyncpg.Pool], Replica]


@pytest.fixture
def start() -> Start:
    """Makes a replica over a pool."""

    def started(pool: asyncpg.Pool) -> Replica:
        directory = Directory(pool)
        directory.know(ENTITIES.values())
        handler = Handler(pool, directory, lambda case: f"https://tocsin.example/v1/cases/{case.ref}")
        return Replica(pool, directory, handler)

    return started


Declare = Callable[..., Awaitable[dict[str, str]]]


@pytest.fixture
def declare(pool: asyncpg.Pool) -> Declare:
    """Declares the teams of a test: its ids, each with what is not as usual."""

    async def declared(**declarations: dict[str, Any]) -> dict[str, str]:
        usual = {"watches": [{"name": "ours", "models": ["Claude Fable 5"]}]}
        told = [{"id": team, "name": team.title()} | usual | more for team, more in declarations.items()]
        return await teams.replace(pool, Subscriptions.model_validate({"teams": told}))

    return declared


@dataclass
class Receiver:
    """A web server whose answer the test decides; it keeps what it was sent."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    address: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return await self.answer(request)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async def fine(_: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    taking = Receiver(fine)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", taking.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taking.address = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield taking
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=connector([LOOPBACK])) as opened:
        yield opened


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS as `127.0.0.1`, and the certificate that a caller must trust to accept it."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *name, *files]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


NOWHERE = Letters("127.0.0.1:1", [NOTICES_CLASSIFIED], seconds=5)
LOGGED = {"channels": [{"kind": "log", "name": "log"}]}


@dataclass
class Browser:
    """One visitor: keeps cookies, follows nothing by itself, finds the token in the last page."""

    address: str
    session: aiohttp.ClientSession
    page: str = ""

    async def get(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        url = f"{self.address}{path}"
        async with self.session.get(url, headers=headers, allow_redirects=False) as response:
            self.page = await response.text()
            return response

    async def post(
        self, path: str, headers: dict[str, str] | None = None, /, **fields: str
    ) -> aiohttp.ClientResponse:
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', self.page)
        data = ({"csrf": token[1]} if token else {}) | fields
        url = f"{self.address}{path}"
        async with self.session.post(url, data=data, headers=headers, allow_redirects=False) as response:
            self.page = await response.text()
            return response

    async def sign_in(self, key: str = "a key") -> "Browser":
        await self.get("/login")
        assert (await self.post("/login", key=key)).status == 303
        return self

    @property
    def cookie(self) -> Any:
        return self.session.cookie_jar.filter_cookies(URL(self.address))[COOKIE]


@pytest.fixture
async def replica(pool: asyncpg.Pool, start: Callable[[asyncpg.Pool], Replica]) -> Replica:
    return start(pool)


@pytest.fixture
async def visit(replica: Any) -> AsyncIterator[Callable[..., Awaitable[Browser]]]:
    """Makes a visitor of a console of its own."""
    open_things: list[Any] = []

    async def visiting(
        proxy: Proxy | None = None,
        letters: Letters = NOWHERE,
        *,
        secure: bool = False,
        sources: str | None = None,
    ) -> Browser:
        app = create_app("notify", Health())
        ingest = Ingest(aiohttp.ClientSession(), sources, SecretStr(""))
        entrance = Entrance(replica.pool, [SecretStr("a key")], proxy)
        rows = replica.pool, replica.directory
        console.install(app, Desk(*rows, entrance, ingest, letters, {"PAGER_KEY"}.__contains__, secure))
        serving = serve(app, "127.0.0.1", 0)
        session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        browser = Browser(await serving.__aenter__(), session)
        open_things.extend([ingest._session, session, serving])
        return browser

    yield visiting
    for one in open_things:
        await one.__aexit__(None, None, None)


@pytest.fixture
async def told(replica: Any, declare: Callable[..., Awaitable[dict[str, str]]], tell: Tell) -> None:
    await declare(payments=LOGGED, research=LOGGED)
    await replica.hear(tell("first", tier="party"))
