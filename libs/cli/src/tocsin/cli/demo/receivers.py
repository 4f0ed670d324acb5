"""The receivers: a webhook that verifies signatures, a Slack-shaped endpoint, and a mail server."""

import asyncio
import base64
import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial

from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks import Webhook, WebhookVerificationError

from tocsin.cli.demo.neighbourhood import serving


@dataclass(frozen=True)
class Arrival:
    """One message as it came in: the team it is for, its channel's id for it, and what a person reads.

    ``body`` is the whole of a mail, as its reader sees it; empty for the other channels.
    """

    team: str
    channel: str
    id: str
    text: str
    at: datetime
    body: str = ""


@dataclass
class Inbox:
    """Everything that has arrived, in order; appending is atomic, so threads may share it."""

    arrivals: list[Arrival] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)

    def take(self, team: str, channel: str, name: str, text: str, body: str = "") -> None:
        """Note an arrival."""
        self.arrivals.append(Arrival(team, channel, name, text, datetime.now(UTC), body))


@dataclass(frozen=True)
class Receivers:
    """Where the teams listen: addresses, and the secret that the webhook shares with notify."""

    inbox: Inbox
    webhook: str
    slack: str
    smtp: str
    secret: str

    def environment(self) -> dict[str, str]:
        """What notify must be given to reach them."""
        return {
            "DEMO_PAYMENTS_SECRET": self.secret,
            "DEMO_RESEARCH_SLACK_URL": self.slack,
            "TOCSIN_NOTIFY_SMTP_URL": self.smtp,
            "TOCSIN_NOTIFY_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
        }


@contextlib.contextmanager
def listening() -> Iterator[Receivers]:
    """Open all three."""
    inbox, secret = Inbox(), "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
    app = web.Application()
    app.router.add_post("/hook", partial(_hook, inbox=inbox, secret=secret))
    app.router.add_post("/slack", partial(_slack, inbox=inbox))
    mail = _Mail(_Postman(inbox), hostname="127.0.0.1", port=0)
    with serving(app) as address:
        mail.start()
        try:
            smtp = f"smtp://127.0.0.1:{mail.port}"
            yield Receivers(inbox, f"{address}/hook", f"{address}/slack", smtp, secret)
        finally:
            mail.stop(no_assert=True)


async def _hook(request: web.Request, inbox: Inbox, secret: str) -> web.Response:
    body = await request.read()
    try:
        said = Webhook(secret).verify(body, dict(request.headers))
    except WebhookVerificationError as error:
        inbox.rejected.append(str(error))
        return web.Response(status=401, text=str(error))
    inbox.take("payments", "webhook", request.headers["webhook-id"], said["data"]["headline"])
    return web.Response(status=204)


async def _slack(request: web.Request, inbox: Inbox) -> web.Response:
    said = json.loads(await request.read())
    if not (isinstance(said.get("text"), str) and isinstance(said.get("blocks"), list)):
        inbox.rejected.append("no Slack message")
        return web.Response(status=400, text="invalid_payload")
    inbox.take("research", "slack", f"slack-{len(inbox.arrivals)}", said["text"])
    return web.Response(text="ok")


class _Mail(Controller):
    """aiosmtpd on a free port: it learns which one it got before it calls itself to see that it runs."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)  # noqa: S101 - for the type checker: it runs
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd types it not


class _Postman:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(mail, EmailMessage)  # noqa: S101 - what this policy makes
        plain = mail.get_body(("plain",))
        body = "\n".join(plain.get_content().splitlines()) if plain is not None else ""
        self._inbox.take("platform", "email", str(mail["Message-ID"]), str(mail["Subject"]), body)
        return "250 taken"
