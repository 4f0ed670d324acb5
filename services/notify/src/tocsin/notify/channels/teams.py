"""Teams: an Adaptive Card 1.4 by the webhook trigger of a Microsoft Teams workflow."""

from collections.abc import Mapping

import aiohttp

from tocsin.contracts.channels import Channel, Teams
from tocsin.notify.channels import Answer, Sendable, unset
from tocsin.notify.channels.post import bytes_of, encoded, post_secretly
from tocsin.notify.letter import ACKNOWLEDGE, Letter, letter_of, within

# Teams refuses messages over 28 KB: four texts of this many bytes leave room for the subject and the card.
LONGEST_PART = 5_000
LONGEST_SUBJECT = 300


class TeamsChannel:
    """Posts one card a delivery. Its text is in runs, which know no markup and no date function."""

    def __init__(self, session: aiohttp.ClientSession, secrets: Mapping[str, str]) -> None:
        self._session = session
        self._secrets = secrets

    async def send(self, message: Sendable, target: Channel) -> Answer:
        """One attempt; the address is a secret and is never in the answer."""
        assert isinstance(target, Teams)  # noqa: S101 - the sender picks the channel by the target's kind
        if (url := self._secrets.get(target.url_env)) is None:
            return unset(target.url_env)
        body = encoded(envelope(letter_of(message)))
        return await post_secretly(self._session, url, target.url_env, body)


def envelope(letter: Letter) -> dict[str, object]:
    """The card in the message that a workflow takes.

    Source: Microsoft, "Create incoming webhooks with Workflows"; Adaptive Cards, "Text features": a
    RichTextBlock supports no markdown.
    """
    subject = letter.subject[:LONGEST_SUBJECT]
    parts = [_text(part.heading, part.lines) for part in letter.sections]
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "lang": "en",
        "body": [_block(_run(subject, weight="Bolder", size="Large")), _text("", letter.byline), *parts],
        "msteams": {"width": "Full"},
    }
    links = {letter.link_text: letter.link, ACKNOWLEDGE: letter.acknowledge}
    if actions := [_button(title, url) for title, url in links.items() if url]:
        card["actions"] = actions
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "summary": subject, "attachments": [attachment]}


def _text(heading: str, lines: tuple[str, ...]) -> dict[str, object]:
    shown = "\n".join(within(lines, LONGEST_PART, size=bytes_of))
    return _block(*([_run(f"{heading}\n", weight="Bolder")] if heading else []), _run(shown))


def _block(*runs: dict[str, str]) -> dict[str, object]:
    return {"type": "RichTextBlock", "spacing": "Medium", "inlines": list(runs)}


def _button(title: str, url: str) -> dict[str, str]:
    return {"type": "Action.OpenUrl", "title": title, "url": url}


def _run(text: str, **style: str) -> dict[str, str]:
    return {"type": "TextRun", "text": text, **style}
