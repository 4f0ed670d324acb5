"""Webhook: signed so that anybody's Standard Webhooks library takes it, while secrets change too."""

import base64
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from tocsin.contracts import AlertRaised
from tocsin.contracts.channels import Webhook
from tocsin.contracts.trace import new_traceparent
from tocsin.notify.channels import Answer, Message, Outcome
from tocsin.notify.channels.webhook import WebhookChannel

AnAlert = Callable[..., AlertRaised]
Receiver = Any  # of conftest


def secret(words: bytes) -> str:
    return "whsec_" + base64.b64encode(words).decode()


NEW, OLD = secret(b"twenty-four bytes secret"), secret(b"twenty-four bytes of old")


@pytest.fixture
def message(an_alert: AnAlert) -> Message:
    return Message("msg-1", an_alert(), "Payments", new_traceparent())


async def send(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message, **secrets: str
) -> Answer:
    target = Webhook(
        kind="webhook", name="hook", url=receiver.address, secret_env="NEW", old_secret_env="OLD"
    )
    return await WebhookChannel(session, secrets).send(message, target)


async def test_it_is_signed_and_says_who_it_is(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message
) -> None:
    assert (await send(receiver, session, message, NEW=NEW)).outcome is Outcome.DELIVERED
    body, headers = receiver.bodies[0], receiver.headers[0]
    said = Verifier(NEW).verify(body, headers)
    assert said["type"] == "alert.raised"
    assert AlertRaised.model_validate(said["data"]) == message.alert
    assert headers["webhook-id"] == "msg-1"
    assert headers["traceparent"] == message.traceparent
    assert headers["content-type"] == "application/json"


async def test_while_a_secret_is_rotated_receivers_with_either_take_it(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message
) -> None:
    await send(receiver, session, message, NEW=NEW, OLD=OLD)
    body, headers = receiver.bodies[0], receiver.headers[0]
    for known in (NEW, OLD):
        assert Verifier(known).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret(b"one that nobody declared")).verify(body, headers)
    assert len(headers["webhook-signature"].split(" ")) == 2


async def test_the_old_secret_ends_with_its_variable(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message
) -> None:
    await send(receiver, session, message, NEW=NEW)
    with pytest.raises(WebhookVerificationError):
        Verifier(OLD).verify(receiver.bodies[0], receiver.headers[0])


@pytest.mark.parametrize("secrets", [{"NEW": "whsec_"}, {"NEW": "whsec_!"}, {"NEW": NEW, "OLD": ""}])
async def test_a_secret_that_is_none_is_named_and_not_shown(
    receiver: Receiver, session: aiohttp.ClientSession, message: Message, secrets: dict[str, str]
) -> None:
    answer = await send(receiver, session, message, **secrets)
    named = "OLD" if "OLD" in secrets else "NEW"
    expected = Answer(Outcome.RETRY, f"{named} in notify's environment is no `whsec_...` secret")
    assert (answer, receiver.bodies) == (expected, [])
