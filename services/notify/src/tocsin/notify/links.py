"""Links: addresses in messages by which whoever was told can act without an API key."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from pydantic import SecretStr

from tocsin.contracts import AlertRaised

VALID = timedelta(days=30)  # from when the alert was raised
PATH = "/acknowledge"
UNSUBSCRIBE = "/unsubscribe"


class Forged(Exception):
    """A token that none of our keys has signed. To try again does not help."""


class Expired(Exception):
    """A token that was good until its time was up. To try again does not help."""


@dataclass(frozen=True)
class Named:
    """What a token names."""

    alert: str
    team: str


@dataclass(frozen=True)
class Reader:
    """One address of a channel, by which it can be taken out."""

    team: str
    channel: str
    address: str


class Links:
    """Makes and reads signed links; ``keys`` newest first: the first signs, each is good for reading.

    A link is the same on every attempt, and for a reminder: its end counts from when the alert was raised.
    Without an address or a key no link is made, and none is read.
    """

    def __init__(self, public_url: str | None, keys: Sequence[SecretStr]) -> None:
        self._base = public_url.rstrip("/") if public_url else None
        oldest_first = [key.get_secret_value() for key in reversed(keys)]
        self._serializer = _serializer(oldest_first, "tocsin acknowledge")
        self._readers = _serializer(oldest_first, "tocsin unsubscribe")

    def acknowledge(self, alert: AlertRaised) -> str | None:
        """Where an alert can be acknowledged; None for one that leaves nothing to act on."""
        if self._base is None or self._serializer is None or alert.over:
            return None
        until = int((alert.raised_at + VALID).timestamp())
        return f"{self._base}{PATH}/{self._serializer.dumps([alert.id, alert.team, until])}"

    def read(self, token: str, now: datetime) -> Named:
        """What a token names; raises ``Forged`` or ``Expired``."""
        if self._serializer is None:
            raise Forged
        try:
            alert, team, until = self._serializer.loads(token)
        except BadData as error:
            raise Forged from error
        if now >= datetime.fromtimestamp(until, UTC):
            raise Expired
        return Named(alert, team)

    def unsubscribe(self, reader: Reader) -> str | None:
        """Where an address can be taken out: good for as long as its key is, since mail is kept for years."""
        if self._base is None or self._readers is None:
            return None
        token = self._readers.dumps([reader.team, reader.channel, reader.address])
        return f"{self._base}{UNSUBSCRIBE}/{token}"

    def reader(self, token: str) -> Reader:
        """Whom a token of ``unsubscribe`` takes out; raises ``Forged``."""
        if self._readers is None:
            raise Forged
        try:
            return Reader(*self._readers.loads(token))
        except BadData as error:
            raise Forged from error


def _serializer(oldest_first: Sequence[str], salt: str) -> URLSafeSerializer | None:
    signer: dict[str, Any] = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(oldest_first, salt=salt, signer_kwargs=signer) if oldest_first else None
