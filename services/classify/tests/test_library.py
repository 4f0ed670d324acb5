"""A new catalogue is compiled between notices, in small steps, and swapped in whole."""

import asyncio
import gc
from collections.abc import Callable, Iterable

from tocsin.classify import classify, load_catalogue, load_rules
from tocsin.classify.library import Library
from tocsin.contracts import Entity, Kind, NoticePublished, Tier

RULES = load_rules()
CATALOGUE = load_catalogue()
MORE = (
    *CATALOGUE,
    Entity(id="model:zephyr-x", kind=Kind.MODEL, name="Zephyrus X", vendor="vendor:anthropic"),
)


def broken(error: BaseException) -> None:
    raise error


async def test_the_first_catalogue_serves_at_once() -> None:
    library = Library(RULES, broken)
    library.know(CATALOGUE)
    assert len(library.knowledge.matcher.entities) == len(CATALOGUE)


async def test_a_swap_is_whole_and_the_work_goes_on(write: Callable[..., NoticePublished]) -> None:
    library = Library(RULES, broken)
    library.know(CATALOGUE)
    before = library.knowledge
    notice = write(Tier.PRESS, "Commerce bans Zephyrus X of Anthropic")
    library.know(MORE)
    told: list[tuple[str, bool]] = []
    while library.knowledge is before:
        knowledge = library.knowledge
        named = "model:zephyr-x" in {mention.id for mention in classify(notice, knowledge).entities}
        told.append((knowledge.version, named))
        await asyncio.sleep(0)
    assert set(told) == {(before.version, False)}
    after = library.knowledge
    assert "model:zephyr-x" in {mention.id for mention in classify(notice, after).entities}
    assert {entity.id for entity in after.kin.entities.values()} == set(after.matcher.entities)
    assert before.matcher.entities.keys() == {
        entity.id for entity in CATALOGUE
    }  # what is in use stays as it was


async def test_of_several_that_come_meanwhile_the_last_is_used() -> None:
    library = Library(RULES, broken)
    library.know(CATALOGUE)
    for size in (10, 20, 30):
        library.know(CATALOGUE[:size])
    await library.settled()
    assert len(library.knowledge.matcher.entities) == 30


async def test_one_that_comes_right_after_a_swap_is_used_too() -> None:
    library = Library(RULES, broken)
    library.know(CATALOGUE)
    library.know(CATALOGUE[:10])
    while len(library.knowledge.matcher.entities) != 10:  # noqa: ASYNC110 # the turn of the swap is what is tested
        await asyncio.sleep(0)
    library.know(CATALOGUE[:20])
    await library.settled()
    assert len(library.knowledge.matcher.entities) == 20


async def test_no_step_takes_long() -> None:
    """Counted, not timed: other things get their turn hundreds of times while a catalogue is compiled."""
    library = Library(RULES, broken)
    library.know(CATALOGUE)
    library.know(MORE)
    turns = 0
    while len(library.knowledge.matcher.entities) != len(MORE):
        turns += 1
        await asyncio.sleep(0)
    assert turns > len(MORE) / 40


async def test_a_catalogue_that_cannot_be_compiled_is_told_and_leaves_no_trace() -> None:
    told: list[BaseException] = []
    library = Library(RULES, told.append)
    library.know(CATALOGUE)
    library.know(broken_entities())
    await library.settled()
    await asyncio.sleep(0)
    assert [type(error) for error in told] == [AttributeError]
    assert gc.isenabled()
    assert len(library.knowledge.matcher.entities) == len(CATALOGUE)


def broken_entities() -> Iterable[Entity]:
    return (None,)  # type: ignore[return-value] # what no typed caller passes
