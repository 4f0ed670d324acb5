"""What classify knows now: a new catalogue is compiled between notices and swapped in whole."""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterable, Iterator

from tocsin.chassis import logs
from tocsin.classify import metrics
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.rules.rule import Rules
from tocsin.classify.steps import finish, walk
from tocsin.contracts import Entity

log = logs.get(__name__)


class Library:
    """The knowledge in use. ``on_fatal`` is told when a catalogue cannot be compiled."""

    def __init__(self, rules: Rules, on_fatal: Callable[[BaseException], None]) -> None:
        self.knowledge = Knowledge.of((), rules)
        self._on_fatal = on_fatal
        self._wanted: tuple[Entity, ...] | None = None
        self._compiling: asyncio.Task[None] | None = None

    def know(self, entities: Iterable[Entity]) -> None:
        """Use a new catalogue soon: what is read meanwhile is read with the old one.

        The first is compiled at once, for there is nothing to read with before. Of several that come while
        one is compiled only the last is.
        """
        known = tuple(entities)
        if not self.knowledge.matcher.entities:
            with _uncollected():
                self._use(finish(self.knowledge.knowing(known)))
            return
        self._wanted = known
        if self._compiling is None or self._compiling.done():
            self._compiling = asyncio.create_task(self._compile(), name="compile catalogue")
            self._compiling.add_done_callback(self._compiled)

    async def settled(self) -> None:
        """Wait until the last catalogue that came is in use."""
        if self._compiling is not None:
            await asyncio.gather(self._compiling, return_exceptions=True)

    async def _compile(self) -> None:
        while self._wanted is not None:
            known, self._wanted = self._wanted, None
            with _uncollected():
                knowledge = await walk(self.knowledge.knowing(known))
            self._use(knowledge)

    def _use(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        metrics.ENTITIES.set(len(knowledge.matcher.entities))
        log.info("catalogue", entities=len(knowledge.matcher.entities), version=knowledge.version)

    def _compiled(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_fatal(error)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile, nor ever in what was made: to walk it takes tens of milliseconds."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
