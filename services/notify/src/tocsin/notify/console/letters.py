"""Dead letters as the console reads them: all that wait, when somebody asks, one reader at a time."""

import asyncio
from collections.abc import Sequence

from tocsin.chassis.archive import NoSuchTopic
from tocsin.chassis.faults import Fault, fault_of
from tocsin.chassis.letter import Letter, Search
from tocsin.chassis.morgue import visit
from tocsin.contracts import Topic

SECONDS = 10.0


class Unread(Exception):
    """They cannot be read now; the words say why. To try again later may help."""


class Letters:
    """The dead-letter twins of these topics."""

    def __init__(self, bootstrap: str, topics: Sequence[Topic], seconds: float = SECONDS) -> None:
        self._bootstrap = bootstrap
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self.topics = tuple(topics)

    async def waiting(self) -> list[Letter]:
        """Those that nobody has dealt with, newest first; raises ``Unread``."""
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._turn,
                visit(self._bootstrap, self.topics, lambda *_: None) as morgue,
            ):
                found = await morgue.survey(Search())
        except NoSuchTopic as error:
            raise Unread(str(error)) from error
        except TimeoutError as error:
            raise Unread(f"Kafka did not give all of them within {self._seconds:g} s.") from error
        except Exception as error:
            if fault_of(error) is not Fault.UNAVAILABLE:
                raise
            raise Unread("Kafka does not answer: try again soon.") from error
        return [letter for letter in reversed(found) if letter.state.waits]
