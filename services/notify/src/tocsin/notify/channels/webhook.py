"""Webhook: a signed POST as Standard Webhooks has it (https://www.standardwebhooks.com, version 1)."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import aiohttp
from standardwebhooks import Webhook as Signer

from tocsin.contracts.subscriptions import Channel, Webhook
from tocsin.notify.channels import Answer, Message, Outcome
from tocsin.notify.channels.post import post


class WebhookChannel:
    """Posts ``{"type", "timestamp", "data"}`` with ``webhook-id``, ``-timestamp`` and ``-signature``.

    The id is the delivery's, the same on every attempt.
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

    async def send(self, message: Message, target: Channel) -> Answer:
        """One attempt; a secret that is not there yet may come with the next start of notify."""
        assert isinstance(target, Webhook)  # noqa: S101 - the sender picks the channel by the target's kind
        secret = self._secrets.get(target.secret_env)
        if secret is None:
            return Answer(Outcome.RETRY, f"set {target.secret_env} in notify's environment")
        now = self._now()
        body = json.dumps(
            {
                "type": "alert.raised",
                "timestamp": now.isoformat(),
                "data": message.alert.model_dump(mode="json"),
            },
            ensure_ascii=False,
        )
        headers = {
            "content-type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Signer(secret).sign(message.id, now, body),
            "traceparent": message.traceparent,
        }
        return await post(self._session, target.url, body.encode(), headers)
