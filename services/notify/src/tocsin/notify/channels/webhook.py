"""Webhook: a signed POST as Standard Webhooks has it (https://www.standardwebhooks.com, version 1)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import aiohttp
from standardwebhooks import Webhook as Signer
from standardwebhooks.webhooks import EmptyWebhookSecretError

from tocsin.contracts import AlertRaised, AlertsSummarised
from tocsin.contracts.channels import Channel, Webhook
from tocsin.notify.channels import Answer, Message, Outcome, Purpose, Sendable, unset
from tocsin.notify.channels.post import JSON, encoded, post


class WebhookChannel:
    """Posts ``{"type", "timestamp", "data"}`` with ``webhook-id``, ``-timestamp`` and ``-signature``.

    The id is the delivery's, the same on every attempt. While a secret is being rotated there are two
    signatures, and the receiver checks the one that it can.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        secrets: Mapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._secrets = secrets
        self._now = now

    async def send(self, message: Sendable, target: Channel) -> Answer:
        """One attempt; a secret that is not there yet may come with the next start of notify."""
        assert isinstance(target, Webhook)  # noqa: S101 - the sender picks the channel by the target's kind
        if target.secret_env not in self._secrets:
            return unset(target.secret_env)
        now = self._now()
        body = content(message, now)
        signatures = []
        for name in (target.secret_env, target.old_secret_env):
            if name is not None and name in self._secrets:
                try:
                    signatures.append(Signer(self._secrets[name]).sign(message.id, now, body))
                except (ValueError, EmptyWebhookSecretError):  # no base64, or nothing
                    return Answer(Outcome.RETRY, f"{name} in notify's environment is no `whsec_...` secret")
        headers = {
            **JSON,
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),  # in any order: specification, "Signature scheme"
            "traceparent": message.traceparent,
        }
        return await post(self._session, target.url, body.encode(), headers)


def content(message: Sendable, now: datetime) -> str:
    """The body: the alert as the topic has it, of another type when it is told again; or the summary."""
    if not isinstance(message, Message):
        return _said("alerts.summarised", message.told, now)
    again = message.purpose in {Purpose.REMINDER, Purpose.FALLBACK}
    link = {"acknowledge_url": message.acknowledge_url} if message.acknowledge_url else {}
    return _said("alert.unacknowledged" if again else "alert.raised", message.alert, now, **link)


def _said(kind: str, told: AlertRaised | AlertsSummarised, now: datetime, **more: str) -> str:
    said = {"type": kind, "timestamp": now.isoformat(), "data": told.model_dump(mode="json")}
    return encoded(said | more).decode()
