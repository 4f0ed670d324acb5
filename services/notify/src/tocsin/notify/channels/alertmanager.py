"""Alertmanager: an alert a case and team, by its API v2 (prometheus/alertmanager, api/v2/openapi.yaml)."""

from datetime import datetime, timedelta

import aiohttp

from tocsin.contracts import AlertRaised, Severity
from tocsin.contracts.channels import Alertmanager, Channel
from tocsin.notify.channels import Answer, Message, Sendable, Summary
from tocsin.notify.channels.post import bytes_of, encoded, post
from tocsin.notify.letter import as_text, letter_of, within

LONGEST_SUMMARY = 500
MOST_BYTES = 16_000  # of the description: Alertmanager's own receivers take less

# We tell a step once, and Alertmanager ends what nobody repeats: so it is told how long to hold it.
SHOWN = timedelta(days=1)  # a summary, which nothing ends
HELD = timedelta(days=90)  # as long as a case waits for its next step


class AlertmanagerChannel:
    """Fires an alert, and ends it when the measure is over."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, message: Sendable, target: Channel) -> Answer:
        """One attempt. A repeat is the same alert to Alertmanager, for its labels are the same."""
        assert isinstance(target, Alertmanager)  # noqa: S101 - the sender picks the channel by the target's kind
        url = f"{target.url.rstrip('/')}/api/v2/alerts"
        said = alerts(message) if isinstance(message, Message) else notice(message)
        return await post(self._session, url, encoded(said))


def alerts(message: Message) -> list[dict[str, object]]:
    """The alert at the severity of this step, and its end at every other.

    Labels are the identity of an alert, and people route by severity: a step that is graver or milder than
    the one before is another alert, so the one before must end.
    """
    alert, letter = message.alert, letter_of(message)
    text = within(as_text(letter).split("\n"), MOST_BYTES, size=bytes_of)
    annotations = {
        "summary": letter.subject[:LONGEST_SUMMARY],
        "description": "\n".join(text),
        "alert_id": alert.id,
        "traceparent": message.traceparent,
    }
    return [
        {
            "labels": labels(alert, severity),
            "annotations": annotations,  # on what ends too: people read why
            "startsAt": alert.raised_at.isoformat(),
            "endsAt": _end(message, severity).isoformat(),
            **({"generatorURL": alert.case_url} if alert.case_url else {}),
        }
        for severity in Severity
    ]


def notice(message: Summary) -> list[dict[str, object]]:
    """The alert of a summary: for information, and by itself; nothing ends it but time."""
    told, letter = message.told, letter_of(message)
    text = within(as_text(letter).split("\n"), MOST_BYTES, size=bytes_of)
    return [
        {
            "labels": {
                "alertname": "TocsinSummary",
                "team": told.team,
                "summary_id": told.id,
                "sort": told.sort.value,
                "severity": Severity.INFO.value,
            },
            "annotations": {
                "summary": letter.subject[:LONGEST_SUMMARY],
                "description": "\n".join(text),
                "traceparent": message.traceparent,
            },
            "startsAt": told.until.isoformat(),
            "endsAt": (told.until + SHOWN).isoformat(),
            **({"generatorURL": told.url} if told.url else {}),
        }
    ]


def labels(alert: AlertRaised, severity: Severity) -> dict[str, str]:
    """What Alertmanager groups and routes by; the same for every step of a case at one severity."""
    return {
        "alertname": "Tocsin",
        "team": alert.team,
        "case": alert.case_ref,
        "case_id": alert.case_id,
        "severity": severity.value,
    }


def _end(message: Message, severity: Severity) -> datetime:
    at = message.alert.raised_at
    return at + HELD if severity is message.alert.severity and not message.over else at
