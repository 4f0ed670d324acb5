"""`tocsin dead`: records that could not be processed, listed, shown, retried, dropped."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer

from tocsin.chassis import producer
from tocsin.chassis.archive import Tell
from tocsin.chassis.faults import Fault
from tocsin.chassis.letter import Letter, Place, Search, State
from tocsin.chassis.morgue import Morgue, Outcome, visit
from tocsin.cli import output
from tocsin.cli.commands.options import Json, Limit, Since
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.kafka import ask
from tocsin.cli.letters import as_row, show_rows, show_whole
from tocsin.cli.moments import since
from tocsin.cli.place import setting
from tocsin.contracts import TOPICS, Topic

T = TypeVar("T")

Letters = Annotated[
    list[str] | None, typer.Argument(help="Letters as `tocsin dead list` names them.", show_default=False)
]
OfTopic = Annotated[str | None, typer.Option("--topic", help="Only records of this topic.")]
OfFault = Annotated[Fault | None, typer.Option("--fault", "-f", help="Only of this class.")]
OfService = Annotated[str | None, typer.Option("--service", help="Only what this service buried.")]
OfId = Annotated[str | None, typer.Option("--id", help="Only with this ce_id.")]
OfKey = Annotated[str | None, typer.Option("--key", "-k", help="Only with this key.")]
Everything = Annotated[bool, typer.Option("--everything", help="All letters that wait, without a filter.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say which letters are meant.")]

dead = typer.Typer(no_args_is_help=True, help="Dead letters: records that could not be processed.")


@dead.command("list")
def list_letters(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    topic: OfTopic = None,
    fault: OfFault = None,
    service: OfService = None,
    start: Since = None,
    id_: OfId = None,
    key: OfKey = None,
    every: Annotated[bool, typer.Option("--all", help="Retried and dropped ones, too.")] = False,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """List dead letters that nobody has dealt with, newest first.

    Examples:
        tocsin dead list --since 1h

        tocsin dead list --fault unreadable --topic tocsin.notices.published.v1 --json
    """
    search = _search(None, fault, service, start, id_, key)
    found = [one for one in _visit(topic, lambda morgue: morgue.survey(search)) if every or one.state.waits]
    newest = found[::-1][:limit]
    if json:
        output.as_json([as_row(letter) for letter in newest])
        return
    show_rows(newest, empty="No dead letters wait." if not every else "No dead letters.")
    if len(found) > limit:
        output.errors.print(f"{limit} of {len(found)}: see more with --limit, fewer with a filter")


@dead.command("show")
def show(
    letter: Annotated[str, typer.Argument(help="A letter as `tocsin dead list` names it.")],
    json: Json = False,
) -> None:
    """Show one dead letter: why it is there, its headers and its value.

    Example:
        tocsin dead show tocsin.notices.published.v1.dead/2/17
    """
    search = _search([letter], None, None, None, None, None)

    async def look(morgue: Morgue) -> tuple[Letter, Any]:
        found = _known(await morgue.survey(search), search)
        return found[0], await morgue.fetch(found[0])

    show_whole(*_visit(_topic_of(letter), look), json=json)


@dead.command("retry")
def retry(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    letters: Letters = None,
    topic: OfTopic = None,
    fault: OfFault = None,
    service: OfService = None,
    start: Since = None,
    id_: OfId = None,
    key: OfKey = None,
    everything: Everything = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Publish dead letters to their own topic again: the original bytes, key, id and headers.

    What was retried is marked, and never retried again; a dropped one is only when it is named. If it is
    interrupted, the same call goes on where it was. The header tocsin-retried-from tells where each was.

    Examples:
        tocsin dead retry --fault unexpected --since 2h --dry-run

        tocsin dead retry tocsin.notices.published.v1.dead/2/17
    """
    search = _search(letters, fault, service, start, id_, key)
    _limited(search, topic, everything=everything)
    states = {State.OPEN, State.RETRYING} | ({State.DROPPED} if letters else set())

    async def go(morgue: Morgue) -> Outcome | None:
        found = _known(await morgue.survey(search), search)
        meant = [letter for letter in found if letter.state in states]
        for letter in found if letters else ():
            if letter not in meant:
                output.errors.print(output.plain(f"{letter.place} was {letter.state} before"), soft_wrap=True)
        if dry_run:
            _would("retried", meant, json=json)
            return None
        return await _writing(lambda kafka: morgue.retry(meant, kafka))

    if (outcome := _visit(topic, go)) is not None:
        _tell_outcome(outcome, json=json)


@dead.command("drop")
def drop(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; kept with each.", show_default=False)],
    letters: Letters = None,
    topic: OfTopic = None,
    fault: OfFault = None,
    service: OfService = None,
    start: Since = None,
    id_: OfId = None,
    key: OfKey = None,
    everything: Everything = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Mark dead letters as not worth a retry. Nothing is deleted: `tocsin dead list --all` still has them.

    Example:
        tocsin dead drop --fault unreadable --since 1d --reason "a test of the desk's new feed"
    """
    search = _search(letters, fault, service, start, id_, key)
    _limited(search, topic, everything=everything)

    async def go(morgue: Morgue) -> list[Letter] | None:
        meant = [one for one in _known(await morgue.survey(search), search) if one.state.waits]
        if dry_run:
            _would("dropped", meant, json=json)
            return None
        await _writing(lambda kafka: morgue.drop(meant, reason, kafka))
        return meant

    if (dropped := _visit(topic, go)) is not None:
        if json:
            output.as_json({"dropped": len(dropped)})
        else:
            output.console.print(f"{len(dropped)} dropped")


def _search(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    letters: Sequence[str] | None,
    fault: Fault | None,
    service: str | None,
    start: str | None,
    id_: str | None,
    key: str | None,
) -> Search:
    return Search(
        places=frozenset(map(_place, letters or ())),
        fault=fault,
        service=service,
        since=since(start, datetime.now(UTC)) if start is not None else None,
        id=id_,
        key=key.encode() if key is not None else None,
    )


def _place(text: str) -> Place:
    try:
        return Place.parse(text)
    except ValueError as error:
        raise Failure(Exit.USAGE, str(error)) from error


def _topic_of(letter: str) -> str:
    return _place(letter).topic


def _topics(name: str | None) -> list[Topic]:
    consumed = [topic for topic in TOPICS if topic.consumed]
    found = [topic for topic in consumed if name in {None, topic.name, topic.dead}]
    if not found:
        known = ", ".join(topic.name for topic in consumed)
        raise Failure(Exit.USAGE, f"{name!r} has no dead letters: these topics have: {known}")
    return found


def _limited(search: Search, topic: str | None, *, everything: bool) -> None:
    if search.everything and topic is None and not everything:
        raise Failure(Exit.USAGE, "say which: name letters, give a filter, or --everything")


def _known(found: list[Letter], search: Search) -> list[Letter]:
    if missing := search.places - {letter.place for letter in found}:
        named = ", ".join(map(str, sorted(missing)))
        raise Failure(Exit.FAILED, f"no such letter, or a filter leaves it out: {named}")
    return found


def _visit(topic: str | None, work: Callable[[Morgue], Awaitable[T]]) -> T:
    topics = _topics(topic)

    async def go(bootstrap: str, tell: Tell) -> T:
        async with visit(bootstrap, topics, tell) as morgue:
            return await work(morgue)

    return ask(go)


async def _writing(work: Callable[[producer.Producer], Awaitable[T]]) -> T:
    failures: list[BaseException] = []
    async with producer.connect(setting("kafka"), failures.append) as kafka:
        return await work(kafka)


def _would(what: str, letters: Sequence[Letter], *, json: bool) -> None:
    if json:
        output.as_json([as_row(letter) for letter in letters])
        return
    show_rows(letters, empty="No letter is meant.")
    output.console.print(f"{len(letters)} would be {what}")


def _tell_outcome(outcome: Outcome, *, json: bool) -> None:
    refused = {str(place): why for place, why in outcome.refused.items()}
    if json:
        output.as_json({"retried": outcome.retried, "found": outcome.found, "refused": refused})
    else:
        before = f", {outcome.found} had been before an interruption" if outcome.found else ""
        output.console.print(f"{outcome.retried} retried{before}")
    if refused:
        raise Failure(Exit.FAILED, *(f"{place} cannot be retried: {why}" for place, why in refused.items()))
