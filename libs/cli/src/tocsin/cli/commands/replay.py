"""`tocsin replay`: what the rules and the catalogue of now would say of notices classified before."""

from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tocsin.chassis.archive import Tell
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.classify.classify import classify
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.rules.load import load_rules
from tocsin.cli import output
from tocsin.cli.commands.options import Json, Limit
from tocsin.cli.kafka import ask, records
from tocsin.cli.moments import since
from tocsin.cli.reread import Reread, cases
from tocsin.cli.seeding import live
from tocsin.contracts import NOTICES_CLASSIFIED, NoticeClassified
from tocsin.contracts.cloudevents import Received, Unreadable, from_record

Read = dict[str, Reread]  # by notice, as it was last classified


def replay(
    start: Annotated[str, typer.Option("--since", help="Nothing older: 12h, 7d, or a time.")] = "7d",
    source: Annotated[str | None, typer.Option("--source", "-s", help="Only this source, by id.")] = None,
    *,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """Read notices again by the rules of this tocsin and the live catalogue, and show what would differ.

    Nothing is published, told or changed: this shows the difference, and cannot make it count. Notify knows
    a notice by its id, whichever rules have read it, so a new reading of an old notice is dropped as known;
    what comes from now on is read by the new rules. Cases are made up of the notices read here alone.

    Examples:
        tocsin replay --since 30d

        tocsin replay --since 2026-06-12 --source us-bis --json
    """
    read = _read(since(start, datetime.now(UTC)), source)
    changed = [one for one in read.values() if one.differs()]
    made = cases(read.values())
    if json:
        found = [_row(one) for one in changed]
        output.as_json(
            {
                "notices": len(read),
                "changed": found,
                "cases_new": [one.__dict__ for one in made.new],
                "cases_gone": [one.__dict__ for one in made.gone],
            }
        )
        return
    output.table(
        ("notice", "source", "title", "differs"),
        (
            (one.then.id, one.then.notice.source.id, one.then.notice.title[:60], _differs(one))
            for one in changed[:limit]
        ),
        empty="Every notice is read as it was.",
    )
    fields = Counter(field for one in changed for field in one.differs())
    told = "".join(f", {field} {count}" for field, count in fields.most_common())
    output.console.print(
        f"{len(read)} notices, {len(changed)} read otherwise{told}; "
        f"{len(made.new)} cases more, {len(made.gone)} fewer. Nothing was published.",
        soft_wrap=True,
    )
    for sign, some in (("+", made.new), ("-", made.gone)):
        for case in some[:limit]:
            output.console.print(output.plain(f"{sign} {case.ref} {case.title}"), soft_wrap=True)


def _read(start: datetime, source: str | None) -> Read:
    async def work(bootstrap: str, tell: Tell) -> Read:
        known = await live(bootstrap)
        knowledge = Knowledge.of(known.values() or load_catalogue(), load_rules())
        read: Read = {}
        async for some in records(bootstrap, NOTICES_CLASSIFIED, start, tell):
            for record in some:
                try:
                    fact = from_record(Received(record.value, record.headers), NoticeClassified)
                except Unreadable:
                    continue  # another's record: the services bury those
                if source in {None, fact.notice.source.id}:
                    said = classify(fact.notice, knowledge)
                    read[fact.id] = Reread(fact, fact.model_copy(update={"classification": said}))
        return read

    return ask(work)


def _differs(one: Reread) -> str:
    return "; ".join(f"{field}: {was} → {now}" for field, (was, now) in one.differs().items())


def _row(one: Reread) -> dict[str, Any]:
    differs = {field: {"then": was, "now": now} for field, (was, now) in one.differs().items()}
    return {
        "notice": one.then.id,
        "source": one.then.notice.source.id,
        "title": one.then.notice.title,
        "rules_then": one.then.rules_version,
        "differs": differs,
    }
