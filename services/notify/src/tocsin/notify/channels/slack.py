"""Slack: an incoming webhook, with blocks for people and plain text for notifications."""

import json
from collections.abc import Mapping

import aiohttp

from tocsin.contracts.subscriptions import Channel, Slack
from tocsin.notify.channels import Answer, Message, Outcome
from tocsin.notify.channels.post import post
from tocsin.notify.letter import Letter, write

LONGEST_SECTION = 2_900  # Slack refuses a section over 3,000 characters
LONGEST_HEADER = 150


class SlackChannel:
    """Posts one message a delivery. Nothing in it can become a mention or a link that we did not make."""

    def __init__(self, session: aiohttp.ClientSession, secrets: Mapping[str, str]) -> None:
        self._session = session
        self._secrets = secrets

    async def send(self, message: Message, target: Channel) -> Answer:
        """One attempt; the address is a secret and is never in the answer."""
        assert isinstance(target, Slack)  # noqa: S101 - the sender picks the channel by the target's kind
        url = self._secrets.get(target.url_env)
        if url is None:
            return Answer(Outcome.RETRY, f"set {target.url_env} in notify's environment")
        body = json.dumps(payload(write(message.alert, message.team)), ensure_ascii=False)
        try:
            return await post(self._session, url, body.encode(), {"content-type": "application/json"})
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):  # their text is the address
            return Answer(Outcome.RETRY, f"{target.url_env} in notify's environment is no https:// address")


def payload(letter: Letter) -> dict[str, object]:
    """The message as Slack wants it: `text` for notifications and screen readers, `blocks` for the eye."""
    sections = [
        _section(f"*{escape(part.heading)}*\n" + escape("\n".join(part.lines))) for part in letter.sections
    ]
    header = {
        "type": "header",
        "text": {"type": "plain_text", "text": letter.subject[:LONGEST_HEADER], "emoji": False},
    }
    return {
        "text": escape(letter.subject),
        "blocks": [header, _section(escape(letter.byline)), *sections],
        "unfurl_links": False,
    }


def escape(text: str) -> str:
    """Text as Slack's mrkdwn shows it literally.

    Source: Slack, "Formatting text for app surfaces", escaping; `@` and `#` mention nobody without `<`.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:LONGEST_SECTION], "verbatim": True}}
