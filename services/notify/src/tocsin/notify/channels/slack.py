"""Slack: by a webhook or a bot, with blocks for people and plain text for notifications."""

from collections.abc import Mapping

import aiohttp

from tocsin.contracts.channels import Channel, Slack
from tocsin.notify.channels import Answer, Sendable, unset
from tocsin.notify.channels.bot import post_in_thread
from tocsin.notify.channels.post import encoded, post_secretly
from tocsin.notify.letter import ACKNOWLEDGE, Letter, letter_of, within

LONGEST_PART = 3_000  # characters, as Slack allows a section
LONGEST_HEADER = 150


class SlackChannel:
    """Posts one message a delivery. Nothing in it can become a mention or a link that we did not make."""

    def __init__(self, session: aiohttp.ClientSession, secrets: Mapping[str, str]) -> None:
        self._session = session
        self._secrets = secrets

    async def send(self, message: Sendable, target: Channel) -> Answer:
        """One attempt; address and token are secrets and are never in the answer."""
        assert isinstance(target, Slack)  # noqa: S101 - the sender picks the channel by the target's kind
        variable = target.url_env or target.token_env or ""
        if (secret := self._secrets.get(variable)) is None:
            return unset(variable)
        said = payload(letter_of(message))
        if target.url_env is not None:
            return await post_secretly(self._session, secret, variable, encoded(said))
        return await post_in_thread(self._session, target, secret, message, said)


def payload(letter: Letter) -> dict[str, object]:
    """The message as Slack wants it: `text` for notifications and screen readers, `blocks` for the eye.

    Source: Slack, "Rich text block": a text element is shown as it is; mentions and links are other elements.
    """
    header = {
        "type": "header",
        "text": {"type": "plain_text", "text": letter.subject[:LONGEST_HEADER], "emoji": False},
    }
    parts = [_part(_text(f"{part.heading}\n", bold=True), *_lines(part.lines)) for part in letter.sections]
    links = {letter.link_text: letter.link, ACKNOWLEDGE: letter.acknowledge}
    link = [_part({"type": "link", "url": url, "text": text}) for text, url in links.items() if url]
    return {
        "text": escape(letter.subject),
        "mrkdwn": False,
        "blocks": [header, _part(*_lines(letter.byline)), *parts, *link],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escape(text: str) -> str:
    """Text in which Slack finds no mention and no link.

    Source: Slack, "Formatting text for app surfaces", escaping; `@` and `#` mention nobody without `<`.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _lines(lines: tuple[str, ...]) -> list[dict[str, object]]:
    return [_text("\n".join(within(lines, LONGEST_PART)))]


def _text(text: str, *, bold: bool = False) -> dict[str, object]:
    return {"type": "text", "text": text, **({"style": {"bold": True}} if bold else {})}


def _part(*elements: dict[str, object]) -> dict[str, object]:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": list(elements)}],
    }
