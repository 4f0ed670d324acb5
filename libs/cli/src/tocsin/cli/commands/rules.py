"""`tocsin rules`: the tools of the person who keeps the rules."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tocsin.classify.batch import BadItem, read_item
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.classify.classify import Trace, trace
from tocsin.classify.explain.quoting import clause_span
from tocsin.classify.frames import Frame
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.rules.book import Entry, NoRules, Texts, entries, shipped, with_files_of
from tocsin.classify.rules.check import Report
from tocsin.classify.rules.check import check as check_texts
from tocsin.classify.rules.load import load_rules
from tocsin.classify.rules.trial import trial
from tocsin.cli import output, worklist
from tocsin.cli.commands.options import Json, Limit
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import since
from tocsin.contracts import Tier

rules = typer.Typer(no_args_is_help=True, help="The rules that classify notices: check, try, list, extend.")


@rules.command("check")
def check(
    path: Annotated[
        Path | None,
        typer.Argument(help="A folder of rule files, or one; shipped ones stand in for those not there."),
    ] = None,
    json: Json = False,
) -> None:
    """Prove every rule, cue and veto by its own examples. Each flaw is named, and the exit status is 1.

    Examples:
        tocsin rules check

        tocsin rules check services/classify/src/tocsin/classify/rules
    """
    report = check_texts(_texts(path))
    if json:
        output.as_json({**report.__dict__, "flaws": [flaw.__dict__ for flaw in report.flaws]})
    else:
        output.console.print(_told(report), soft_wrap=True)
    if report.flaws:
        named = (
            f"{flaw.file}.yaml: {f'{flaw.rule}: ' if flaw.rule else ''}{flaw.says}" for flaw in report.flaws
        )
        raise Failure(Exit.FAILED, *named)


@rules.command("list")
def list_rules(
    words: Annotated[str, typer.Argument(help="Only those with this in id, words, source or claim.")] = "",
    json: Json = False,
) -> None:
    """List rules, cues and vetoes: what each says, and after which source.

    Examples:
        tocsin rules list

        tocsin rules list lifted --json
    """
    wanted = words.casefold()
    found = [
        (file, entry)
        for file, entry in entries(shipped())
        if wanted in f"{entry.id} {entry.says} {entry.words} {entry.source}".casefold()
    ]
    if json:
        output.as_json([{"file": f"{file}.yaml", **entry.__dict__} for file, entry in found])
        return
    rows = ((file, entry.id, entry.says, entry.words, entry.source) for file, entry in found)
    output.table(("file", "id", "says", "words", "source"), rows, empty=f"No rule is like {words!r}.")


@rules.command("test")
def try_rules(
    text: Annotated[str, typer.Argument(help="The text.")],
    title: Annotated[str, typer.Option("--title", help="Its title.")] = "",
    tier: Annotated[Tier, typer.Option("--tier", help="Who publishes it.")] = Tier.PRESS,
    rule: Annotated[str | None, typer.Option("--rule", "-r", help="Only this rule, cue or veto.")] = None,
    json: Json = False,
) -> None:
    """Show a text as the rules see it, and which of them fire in which clause. With --rule: why it does not.

    Names are masks: M model, C chip, V vendor, A authority, B trade and technology controller, P place.

    Examples:
        tocsin rules test "Italy's regulator has blocked DeepSeek, which it had warned in January."

        tocsin rules test --rule veto.opinion "Opinion: why the ban on Grok 4 will fail"
    """
    told, knowledge = _traced(text, title, tier)
    if rule is not None:
        _show_one(rule, told, knowledge, json=json)
    elif json:
        output.as_json([_sentence(number, told) for number in range(len(told.reading.sentences))])
    else:
        _show_all(told)


@rules.command("unknown")
def unknown(
    start: Annotated[str, typer.Option("--since", help="Nothing older: 12h, 7d, or a time.")] = "7d",
    source: Annotated[
        Path | None, typer.Option("--input", "-i", help="JSON Lines of items instead of Kafka.")
    ] = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List wordings that no rule knows: scope words in the lead, and no act. The most frequent first.

    A line is work: write a rule for it, with an example, or a veto. Names are masked, so that the same turn
    of phrase about others counts as the same.

    Examples:
        tocsin rules unknown --since 7d

        tocsin rules unknown --input items.jsonl --json
    """
    if source is not None:
        found = worklist.from_items(source, _knowledge())
    else:
        found = worklist.from_kafka(since(start, datetime.now(UTC)))
    work = worklist.grouped(found)
    if json:
        output.as_json([one.__dict__ for one in work[:limit]])
        return
    rows = ((one.count, one.wording, one.titles[0]) for one in work[:limit])
    output.table(("notices", "wording", "for example"), rows, empty="No wording is unknown.")


def _texts(path: Path | None) -> Texts:
    if path is None:
        return shipped()
    try:
        return with_files_of(path)
    except NoRules as error:
        raise Failure(Exit.USAGE, str(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(Exit.USAGE, f"cannot read {path}: {error}") from error


def _told(report: Report) -> str:
    return (
        f"{report.rules} rules, {report.cues} cues, {report.vetoes} vetoes, {report.examples} examples: "
        f"{f'{len(report.flaws)} flaw(s)' if report.flaws else 'all hold'}"
    )


def _knowledge() -> Knowledge:
    return Knowledge.of(load_catalogue(), load_rules())


def _traced(text: str, title: str, tier: Tier) -> tuple[Trace, Knowledge]:
    knowledge = _knowledge()
    try:
        notice = read_item({"title": title, "text": text, "source_type": tier.value})
    except BadItem as error:
        raise Failure(Exit.USAGE, str(error)) from error
    return trace(notice, knowledge), knowledge


def _show_one(id_: str, told: Trace, knowledge: Knowledge, *, json: bool) -> None:
    lines = trial(id_, told, knowledge.rules)
    entry = next((entry for _, entry in entries(shipped()) if entry.id == id_), None)
    if lines is None or entry is None:
        raise Failure(Exit.USAGE, f"there is no rule, cue or veto {id_}: see tocsin rules list")
    if json:
        output.as_json({**entry.__dict__, "on_this_text": lines})
        return
    output.pairs(_facts(entry))
    for line in lines:
        output.console.print(output.plain(line))


def _facts(entry: Entry) -> dict[str, str]:
    return {
        entry.kind: entry.id,
        "says": entry.says,
        "words": entry.words,
        "source": entry.source,
        "genres": ", ".join(entry.genres) or "every one",
        "fires on": " / ".join(entry.fires),
        "silent on": " / ".join(entry.silent),
    }


def _show_all(told: Trace) -> None:
    for number, sentence in enumerate(told.reading.sentences):
        output.console.print(output.plain(f"{sentence.number}  {sentence.text.strip()}"))
        for frame in _frames(number, told):
            cue = f" by {frame.cue}" if frame.cue else ""
            clause = clause_span(told.reading, frame).quote
            line = f"   {frame.rule.id}: {frame.standing}{cue}, {frame.score:.1f}, in “{clause}”"
            output.console.print(output.plain(line), style="bold")
    said = told.classification
    veto = f", vetoed by {told.verdict.veto}" if told.verdict.veto else ""
    output.console.print(output.plain(f"{said.category}/{said.action}{veto}"))


def _sentence(number: int, told: Trace) -> dict[str, object]:
    sentence = told.reading.sentences[number]
    fired = [
        {
            "rule": frame.rule.id,
            "standing": frame.standing,
            "cue": frame.cue or None,
            "score": round(frame.score, 2),
            "clause": clause_span(told.reading, frame).quote,
        }
        for frame in _frames(number, told)
    ]
    return {"sentence": sentence.number, "masked": sentence.text.strip(), "fired": fired}


def _frames(number: int, told: Trace) -> list[Frame]:
    return [frame for frame in told.frames if frame.sentence is told.reading.sentences[number]]
