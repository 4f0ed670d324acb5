"""`tocsin cases`: real-world measures, what told them, and what people have mended about them."""

import getpass
import json as codec
from typing import Annotated, Any
from urllib.parse import quote

import typer
from typer.core import TyperGroup

from tocsin.cli import output
from tocsin.cli.client import Body, call
from tocsin.cli.commands.options import Json, Limit, Since
from tocsin.cli.commands.reading import get, read
from tocsin.cli.moments import shown
from tocsin.cli.place import setting

Row = dict[str, Any]
Ref = Annotated[str, typer.Argument(help="A case: C-7F3K2M.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept, and shown with the case.")]
Author = Annotated[str | None, typer.Option("--author", help="Who says so; you, if left out.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would become of it, and change nothing.")]


class Cases(TyperGroup):
    """Its commands, and any other word as the case that is to be shown."""

    def parse_args(
        self, ctx: Any, args: list[str]
    ) -> list[str]:  # a click.Context, which typer does not export
        """`tocsin cases C-7F3K2M` is short for `tocsin cases show C-7F3K2M`, wherever its options stand."""
        words = [word for word in args if not word.startswith("-")]
        if words and words[0].upper().startswith(("C-", "CASE-")):
            args = ["show", *args]
        return super().parse_args(ctx, args)


cases = typer.Typer(cls=Cases)


@cases.callback(invoke_without_command=True)
def list_cases(context: typer.Context, start: Since = None, limit: Limit = 20, json: Json = False) -> None:
    """List cases, newest first; or show one: steps, notices, and what sources differ about.

    Examples:
        tocsin cases

        tocsin cases C-7F3K2M
    """
    if context.invoked_subcommand is not None:
        return
    rows = read("cases", limit, start)
    if json:
        output.as_json(rows)
        return
    output.table(
        ("case", "state", "category", "severity", "about", "steps", "notices", "changed"),
        (
            (
                row["ref"],
                row["state"],
                row["category"],
                row["severity"],
                ", ".join(subject["name"] for subject in row["subjects"]),
                row["steps"],
                row["notices"],
                shown(row["changed_at"]),
            )
            for row in rows
        ),
        empty="No cases yet.",
    )


@cases.command()
def show(ref: Ref, json: Json = False) -> None:
    """Show a case whole: steps, notices, what sources differ about, and what people have mended.

    Examples:
        tocsin cases show C-7F3K2M
    """
    case = get(f"cases/{quote(ref, safe='')}")
    if json:
        output.as_json(case)
        return
    output.pairs(_facts(case))
    output.table(
        ("step", "kind", "state", "severity", "taken"),
        ((_step(s, case), s["kind"], s["state"], s["severity"], shown(s["taken_at"])) for s in case["steps"]),
        empty="no steps",
    )
    _show_differences(case)
    _show_changes(case)
    _show_notices(case)


@cases.command()
def merge(  # noqa: PLR0913 - options of a command
    ref: Ref,
    other: Annotated[str, typer.Argument(help="The case that is taken in.")],
    *,
    reason: Reason,
    author: Author = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Take another case into this one: they tell of one measure. Nobody is told anything by that.

    The other's reference goes on answering, and names this one. What either has told stays told.

    Examples:
        tocsin cases merge C-7F3K2M C-01AB2C --reason "the vendor and the authority mean one order" --dry-run
    """
    _change(ref, "merge", {"other": other}, _said(reason, author, dry_run=dry_run), json=json)


@cases.command()
def split(  # noqa: PLR0913 - options of a command
    ref: Ref,
    *,
    notice: Annotated[list[str], typer.Option("--notice", "-n", help="Id of a notice that leaves; several.")],
    reason: Reason,
    author: Author = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Put notices of a case into one of their own: they tell of another measure. Nobody is told by that.

    Later revisions of their documents follow them. To undo a merge, name all that the other case had brought.

    Examples:
        tocsin cases split C-7F3K2M --notice n-5f0c --notice n-81d2 --reason "an older order"
    """
    _change(ref, "split", {"notices": notice}, _said(reason, author, dry_run=dry_run), json=json)


def _said(reason: str, author: str | None, *, dry_run: bool) -> Row:
    return {"reason": reason, "author": author or getpass.getuser(), "dry_run": dry_run}


def _change(ref: str, what: str, asked: Row, said: Row, *, json: bool) -> None:
    url = f"{setting('notify_url')}/v1/cases/{quote(ref, safe='')}/{what}"
    done = call("POST", url, setting("api_key"), body=Body(codec.dumps(asked | said).encode()))
    if json:
        output.as_json(done)
        return
    output.table(
        ("case", "state", "about", "notices"),
        (
            (one["ref"], one["state"], ", ".join(ref["name"] for ref in one["subjects"]), one["notices"])
            for one in (done["case"], done["other"])
            if one is not None
        ),
        empty="",
    )
    moved = f"{len(done['moved'])} notices"
    output.console.print(
        f"{moved} would change places; nothing is changed" if done["dry_run"] else f"{moved} changed places"
    )


def _facts(case: Row) -> Row:
    facts = {
        "case": case["ref"],
        "state": case["state"],
        "category": case["category"],
        "about": ", ".join(subject["name"] for subject in case["subjects"]),
        "told by": _counted(case),
    }
    whole = case.get("merged_into")  # an older notify does not say
    return facts | ({"merged into": f"{whole}: tocsin cases {whole}"} if whole else {})


def _step(step: Row, case: Row) -> str:
    """The number of a step, with its case where that is another."""
    told_in = step.get("case_ref", case["ref"])
    return f"{step['number']}" if told_in == case["ref"] else f"{step['number']} of {told_in}"


def _show_differences(case: Row) -> None:
    if differ := case.get("conflicts"):  # an older notify does not say
        output.table(
            ("sources differ about", "this is said", "by"),
            (
                (one["about"], side["says"], ", ".join(side["sources"]))
                for one in differ
                for side in one["sides"]
            ),
            empty="",
        )


def _show_changes(case: Row) -> None:
    if changes := case.get("changes"):  # an older notify does not say
        output.table(
            ("by hand", "notices", "by", "because", "when"),
            (
                (_mended(one), len(one["notices"]), one["author"], one["reason"], shown(one["made_at"]))
                for one in changes
            ),
            empty="",
        )


def _mended(change: Row) -> str:
    if change["what"] == "merge":
        return f"{change['other_ref']} merged into {change['case_ref']}"
    return f"{change['other_ref']} split from {change['case_ref']}"


def _show_notices(case: Row) -> None:
    output.table(
        ("seen", "tier", "source", "says", "title", "in this case because", "notice"),
        (
            (
                shown(one["notice"]["first_seen_at"]),
                one["notice"]["source"]["tier"],
                one["notice"]["source"]["name"],
                f"{one['classification']['category']} {one['classification']['action']}",
                one["notice"]["title"],
                one["because"],
                one["notice"].get("id"),
            )
            for one in case["notices"]
        ),
        empty="no notices",
    )


def _counted(case: Row) -> str:
    """How many notices told a case, and how many of them only repeat another: an older case has no count."""
    copies = case.get("copies", 0)
    return f"{len(case['notices'])} notices" + (f", {copies} of them copied" if copies else "")
