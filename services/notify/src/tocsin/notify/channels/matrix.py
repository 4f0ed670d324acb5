"""Matrix: a message in a room, by the client-server API (spec.matrix.org, v1.7)."""

from collections.abc import Mapping
from urllib.parse import quote

import aiohttp

from tocsin.contracts.channels import Channel, Matrix
from tocsin.notify.channels import Answer, Sendable, unset
from tocsin.notify.channels.post import JSON, bytes_of, encoded, hide, post
from tocsin.notify.letter import as_text, letter_of, within

MOST_BYTES = 40_000  # as JSON: Matrix refuses events over 65,536 bytes, and the server adds its own


class MatrixChannel:
    """Sends plain text. The delivery's id is the transaction's: the server itself drops repeats."""

    def __init__(self, session: aiohttp.ClientSession, secrets: Mapping[str, str]) -> None:
        self._session = session
        self._secrets = secrets

    async def send(self, message: Sendable, target: Channel) -> Answer:
        """One attempt."""
        assert isinstance(target, Matrix)  # noqa: S101 - the sender picks the channel by the target's kind
        if (token := self._secrets.get(target.token_env)) is None:
            return unset(target.token_env)
        room, transaction = quote(target.room, safe=""), quote(message.id, safe="")
        url = f"{target.url.rstrip('/')}/_matrix/client/v3/rooms/{room}/send/m.room.message/{transaction}"
        headers = {**JSON, "authorization": f"Bearer {token}"}
        body = encoded(event(message))
        return hide(await post(self._session, url, body, headers, method="PUT"), token)


def event(message: Sendable) -> dict[str, object]:
    """The event: text without a formatted body, and so without markup; it mentions nobody."""
    lines = as_text(letter_of(message)).split("\n")
    body = "\n".join(within(lines, MOST_BYTES, size=bytes_of))
    return {"msgtype": "m.text", "body": body, "m.mentions": {}}
