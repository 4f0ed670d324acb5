"""Slack's bots: chat.postMessage, one thread a case (docs.slack.dev, "chat.postMessage")."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp

from tocsin.chassis.outbound import retry_after
from tocsin.contracts import Severity
from tocsin.contracts.channels import Slack
from tocsin.notify.channels import Answer, Message, Outcome, Purpose, Sendable
from tocsin.notify.channels.post import MOST_OF_AN_ANSWER, encoded, hide, judge

LONGEST_ANSWER = 1_000_000  # bytes: Slack repeats the message that it took
TIMESTAMP = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")  # what Slack knows a message of a channel by
JSON = "application/json; charset=utf-8"

# What Slack says with a 200, and what cures it: but for FINAL, all can be mended within days.
_ANEW = "the token is not taken: install the app anew"
CURES: Mapping[str, str] = {
    "invalid_auth": _ANEW,
    "not_authed": _ANEW,
    "token_revoked": _ANEW,
    "token_expired": _ANEW,
    "account_inactive": _ANEW,
    "missing_scope": "the bot needs the scope chat:write",
    "channel_not_found": "no such channel, or a private one: invite the bot to it",
    "not_in_channel": "invite the bot to the channel",
    "is_archived": "the channel is archived: declare another",
    "restricted_action": "a setting of the workspace forbids it",
}
FINAL = frozenset({"msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_arguments", "no_text"})
GONE = frozenset({"thread_not_found", "cannot_reply_to_message"})  # its first message was deleted, say


async def post_in_thread(
    session: aiohttp.ClientSession, target: Slack, token: str, message: Sendable, said: Mapping[str, object]
) -> Answer:
    """One attempt: in the case's thread if it has one in this channel, else as the first of a new one."""
    body = {**said, "channel": target.channel}
    if (root := _root(message, target)) is not None:
        reply = {**body, "thread_ts": root, "reply_broadcast": concerns_all(message)}
        answer, error = await _post(session, target.url, token, reply)
        if error not in GONE:
            return hide(replace(answer, thread=None), token)
    answer, _ = await _post(session, target.url, token, body)
    begun = f"{target.channel}/{answer.thread}" if answer.thread is not None else None
    return hide(replace(answer, thread=begun), token)


def concerns_all(message: Sendable) -> bool:
    """Whether a reply is shown in the channel, too: who does not follow the thread must not miss it."""
    if not isinstance(message, Message):
        return False
    alert = message.alert
    return alert.over or alert.severity is Severity.CRITICAL or message.purpose is not Purpose.ALERT


def _root(message: Sendable, target: Slack) -> str | None:
    """The case's first message, unless that went to a Slack channel that was declared before this one."""
    if not isinstance(message, Message) or message.thread is None:
        return None
    channel, _, root = message.thread.partition("/")
    return root if channel == target.channel else None


async def _post(
    session: aiohttp.ClientSession, url: str, token: str, body: Mapping[str, object]
) -> tuple[Answer, str]:
    """What came of it, and Slack's word for what went wrong, if it said one."""
    headers = {"content-type": JSON, "authorization": f"Bearer {token}"}
    async with session.post(url, data=encoded(body), headers=headers, allow_redirects=False) as response:
        said, now = await _read(response.content), datetime.now(UTC)
        answer = judge(response.status, response.headers, said[:MOST_OF_AN_ANSWER], now)
        if answer.outcome is not Outcome.DELIVERED:
            return answer, ""
        return understand(response.status, said, retry_after(response.headers.get("Retry-After"), now))


async def _read(content: aiohttp.StreamReader) -> bytes:
    said = bytearray()
    async for some in content.iter_any():
        said += some
        if len(said) > LONGEST_ANSWER:
            break
    return bytes(said)


def understand(status: int, said: bytes, wish: timedelta | None) -> tuple[Answer, str]:
    """What Slack means by a 2xx, and its word for an error. What cannot be read may not have been taken."""
    try:
        answer = json.loads(said)
    except ValueError:
        answer = None
    match answer:
        case {"ok": True, **more}:
            root = str(more.get("ts"))
            begun = root if TIMESTAMP.fullmatch(root) else None
            return Answer(Outcome.DELIVERED, f"HTTP {status} message {begun}", thread=begun), ""
        case {"ok": False, "error": str(error)}:
            cure = f" ({CURES[error]})" if error in CURES else ""
            outcome = Outcome.REFUSED if error in FINAL else Outcome.RETRY
            return Answer(outcome, f"HTTP {status} Slack says {error}{cure}", wish), error
        case _:
            return Answer(Outcome.RETRY, f"HTTP {status} without an answer of Slack's", wish), ""
