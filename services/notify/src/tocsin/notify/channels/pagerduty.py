"""PagerDuty: an incident a case and team, by Events API v2 (developer.pagerduty.com)."""

from collections.abc import Mapping

import aiohttp

from tocsin.contracts import AlertRaised, Severity
from tocsin.contracts.channels import Channel, PagerDuty
from tocsin.notify.channels import Answer, Message, Purpose, Sendable, Summary, unset
from tocsin.notify.channels.post import bytes_of, encoded, hide, post
from tocsin.notify.letter import ACKNOWLEDGE, as_text, letter_of, within

LONGEST_SUMMARY = 1_024  # characters; PagerDuty cuts, or refuses, what is longer
MOST_DETAIL = 400_000  # bytes: PagerDuty refuses events over 512 KB

SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
    Severity.INFO: "info",
}


class PagerDutyChannel:
    """Opens an incident, adds each further step to it, and resolves it when the measure is over."""

    def __init__(self, session: aiohttp.ClientSession, secrets: Mapping[str, str]) -> None:
        self._session = session
        self._secrets = secrets

    async def send(self, message: Sendable, target: Channel) -> Answer:
        """One attempt. PagerDuty takes a repeat as the same event, for its ``dedup_key`` is the same."""
        assert isinstance(target, PagerDuty)  # noqa: S101 - the sender picks the channel by the target's kind
        if (key := self._secrets.get(target.routing_key_env)) is None:
            return unset(target.routing_key_env)
        said = event(message) if isinstance(message, Message) else notice(message)
        body = encoded(said | {"routing_key": key})
        return hide(await post(self._session, target.url, body), key)


def event(message: Message) -> dict[str, object]:
    """The event, but for its routing key."""
    alert, letter = message.alert, letter_of(message)
    text = within(as_text(letter).split("\n"), MOST_DETAIL, size=bytes_of)
    said: dict[str, object] = {
        "event_action": _action(message),
        "dedup_key": f"{alert.case_id}/{alert.team}",
        "client": "Tocsin",
        "payload": {
            "summary": letter.subject[:LONGEST_SUMMARY],
            "source": "tocsin",
            "severity": SEVERITIES[alert.severity],
            "timestamp": alert.seen_at.isoformat(),
            "component": _component(alert),
            "group": alert.team,
            "class": alert.category.value,
            "custom_details": {"alert": "\n".join(text), "alert_id": alert.id},
        },
    }
    if alert.case_url:
        said |= {"client_url": alert.case_url}
    links = {f"Case {alert.case_ref}": alert.case_url, ACKNOWLEDGE: message.acknowledge_url}
    if shown := [{"href": url, "text": text} for text, url in links.items() if url]:
        said |= {"links": shown}
    return said


def notice(message: Summary) -> dict[str, object]:
    """The event of a summary: for information, and apart from the incidents of cases."""
    told, letter = message.told, letter_of(message)
    text = within(as_text(letter).split("\n"), MOST_DETAIL, size=bytes_of)
    said: dict[str, object] = {
        "event_action": "trigger",
        "dedup_key": told.id,
        "client": "Tocsin",
        "payload": {
            "summary": letter.subject[:LONGEST_SUMMARY],
            "source": "tocsin",
            "severity": SEVERITIES[Severity.INFO],
            "timestamp": told.until.isoformat(),
            "group": told.team,
            "class": told.sort.value,
            "custom_details": {"summary": "\n".join(text), "summary_id": told.id},
        },
    }
    return said | ({"links": [{"href": told.url, "text": letter.link_text}]} if told.url else {})


def _action(message: Message) -> str:
    if message.purpose is Purpose.ACKNOWLEDGE:
        return "acknowledge"
    return "resolve" if message.over else "trigger"


def _component(alert: AlertRaised) -> str:
    return ", ".join(ref.name for ref in alert.concerns)[:LONGEST_SUMMARY]
