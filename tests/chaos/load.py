"""The load: measures that are imposed and then lifted, and records that nobody can process."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tests.chaos.verdict import FIRST, SECOND, Step
from tocsin.contracts import NOTICES_CLASSIFIED, NOTICES_PUBLISHED

ANSWER = aiohttp.ClientTimeout(total=15)
BETWEEN_STEPS_SECONDS = 3.0
AGAIN_SECONDS = 0.3
POISON_SECONDS = 0.25

WORDS = {
    FIRST: ("Access to {} suspended", "We have suspended access to {} for all customers."),
    SECOND: (
        "Access to {} restored",
        "The suspension is lifted. We have restored access to {} for everyone.",
    ),
}


@dataclass
class Load:
    """Pushes in a thread of its own, at a steady pace over ``seconds``; ``join`` waits for its end.

    It does what a careful client does: push until the answer is 202, at another replica after a failure.
    ``answers`` counts what it heard; ``rude`` names refusals that did not say when to come again.
    """

    doors: Sequence[str]  # addresses of ingest's replicas
    key: str
    kafka: str
    models: Sequence[str]
    seconds: float
    accepted: list[Step] = field(default_factory=list)
    poison: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    rude: list[str] = field(default_factory=list)

    def start(self) -> None:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Whether all of it was accepted within so many seconds more."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    async def _run(self) -> None:
        async with aiohttp.ClientSession(timeout=ANSWER) as session, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._spoil())
            for number, model in enumerate(self.models):
                tasks.create_task(self._tell(session, number, model))
                await asyncio.sleep(self.seconds / len(self.models))

    async def _tell(self, session: aiohttp.ClientSession, number: int, model: str) -> None:
        for kind, (title, text) in WORDS.items():
            notice = {
                "source": "desk",
                "id": f"measure-{number}",  # one document in two revisions: Kafka keeps their order
                "title": title.format(model),
                "text": text.format(model),
            }
            door = number
            while not await self._push(session, self.doors[door % len(self.doors)], notice):
                door += 1
                await asyncio.sleep(AGAIN_SECONDS)
            self.accepted.append(Step(model, kind))
            await asyncio.sleep(BETWEEN_STEPS_SECONDS)

    async def _push(self, session: aiohttp.ClientSession, door: str, notice: dict[str, str]) -> bool:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        try:
            async with session.post(f"{door}/v1/notices", data=json.dumps(notice), headers=headers) as answer:
                status, later = answer.status, answer.headers.get("Retry-After")
                await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self.answers[type(error).__name__] += 1
            return False
        self.answers[str(status)] += 1
        if status != HTTPStatus.ACCEPTED and later is None:
            self.rude.append(f"HTTP {status} without Retry-After")
        return status == HTTPStatus.ACCEPTED

    async def _spoil(self) -> None:
        """Write records that are no events, each until Kafka has confirmed it."""
        async with AIOKafkaProducer(bootstrap_servers=self.kafka, acks="all") as producer:
            for number in range(int(self.seconds / POISON_SECONDS)):
                topic = (NOTICES_PUBLISHED, NOTICES_CLASSIFIED)[number % 2]
                key = f"poison-{number}"
                await _write(producer, topic.name, key.encode())
                self.poison.append(key)
                await asyncio.sleep(POISON_SECONDS)


async def _write(producer: AIOKafkaProducer, topic: str, key: bytes) -> None:
    while True:
        try:
            await producer.send_and_wait(topic, b'{"id": ', key=key)
        except (KafkaError, OSError):
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return
