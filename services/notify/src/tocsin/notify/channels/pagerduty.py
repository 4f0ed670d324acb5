"""PagerDuty: an incident a case and team, by Events API v2 (developer.pagerduty.com)."""

from collections.abc import Mapping

import aiohttp

from tocsin.contracts import AlertRaised, Severity
from tocsin.contracts.subscriptions import Channel, PagerDuty
from tocsin.notify.channels import Answer, Message, unset
from tocsin.notify.channels.post import bytes_of, encoded, hide, post
from tocsin.notify.letter import as_text, within, write

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

    async def send(self, message: Message, target: Channel) -> Answer:
        """One attempt. PagerDuty takes a repeat as the same event, for its ``dedup_key`` is the same."""
        assert isinstance(target, PagerDuty)  # noqa: S101 - the sender picks the channel by the target's kind
        if (key := self._secrets.get(target.routing_key_env)) is None:
            return unset(target.routing_key_env)
        body = encoded(event(message) | {"routing_key": key})
        return hide(await post(self._session, target.url, body), key)


def event(message: Message) -> dict[str, object]:
    """The event, but for its routing key."""
    alert, letter = message.alert, write(message.alert, message.team)
    text = within(as_text(letter).split("\n"), MOST_DETAIL, size=bytes_of)
    said: dict[str, object] = {
        "event_action": "resolve" if alert.over else "trigger",
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
        said |= {"links": [{"href": alert.case_url, "text": f"Case {alert.case_ref}"}]}
    return said


def _component(alert: AlertRaised) -> str:
    return ", ".join(ref.name for ref in alert.concerns)[:LONGEST_SUMMARY]
