"""`tocsin sources`: how the sources are, and everything that is done about them."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import Refused, call
from tocsin.cli.commands import opml, trying
from tocsin.cli.commands.failed import failed
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Failure
from tocsin.cli.moments import shown, since
from tocsin.cli.place import setting

Row = dict[str, Any]

sources = typer.Typer(no_args_is_help=True, help="The sources: how they are, trying and adding them.")


@sources.command("list")
def list_sources(
    ill: Annotated[bool, typer.Option("--ill", help="Only those that somebody should look at.")] = False,
    json: Json = False,
) -> None:
    """List the sources of the running ingest: state, last success, last new item, next poll, and why.

    Examples:
        tocsin sources list

        tocsin sources list --ill --json
    """
    rows: list[Row] = _call("GET", "")["items"]
    if ill:
        rows = [row for row in rows if row["state"] not in {None, "ok", "moved"}]
    if json:
        output.as_json(rows)
        return
    output.table(
        ("source", "tier", "state", "last success", "last new", "next poll", "failed", "reason"),
        (
            (
                row["id"],
                row["tier"],
                row["state"],
                shown(row.get("last_success_at")),
                shown(row["last_new_at"]),
                shown(row.get("next_poll_at")),
                row["failed_entries"] or None,
                row["reason"],
            )
            for row in rows
        ),
        empty="All is well with every source." if ill else "No source is declared.",
    )


@sources.command("show")
def show(
    source: Annotated[str, typer.Argument(help="The id of a source.")],
    json: Json = False,
) -> None:
    """Show one source whole.

    Example:
        tocsin sources show claude-status
    """
    row = _call("GET", f"/{source}")
    if json:
        output.as_json(row)
    else:
        output.pairs(row)


@sources.command("reparse")
def reparse(
    start: Annotated[
        str, typer.Option("--since", help="Snapshots from then on: 12h, 7d, or a time.", show_default=False)
    ],
    source: Annotated[
        list[str] | None, typer.Option("--source", "-s", help="Only this source; may be given again.")
    ] = None,
    json: Json = False,
) -> None:
    """Read snapshots again, after a parser was mended. What has not changed is told to nobody.

    The running ingest does it, a few at a time. If it is interrupted, the same call is right.

    Example:
        tocsin sources reparse --since 7d --source claude-status
    """
    moment = since(start, datetime.now(UTC)).isoformat()
    wanted = source or [row["id"] for row in _call("GET", "")["items"] if row["state"] is not None]
    done = {id_: _reparse(id_, moment) for id_ in wanted}
    if json:
        output.as_json(done)
        return
    output.table(
        ("source", "snapshots", "entries", "notices told", "failed", "left alone because"),
        (
            (
                id_,
                len(items),
                *(sum(one[what] for one in items) for what in ("entries", "told", "failed")),
                "; ".join(sorted({one["note"] for one in items if one["note"]})) or None,
            )
            for id_, items in done.items()
            if items
        ),
        empty="No snapshot is that young.",
    )


def _reparse(source: str, moment: str) -> list[Row]:
    items: list[Row] = []
    after: str | None = ""
    while after is not None:
        answer = _call("POST", f"/{source}/reparse", {"since": moment, "after": after})
        items += answer["items"]
        after = answer["next"]
        if items:
            output.errors.print(f"{source}: {len(items)} snapshots read", highlight=False, markup=False)
    return items


@sources.command("backfill")
def backfill(
    source: Annotated[str, typer.Argument(help="The id of a source.")],
    start: Annotated[
        str,
        typer.Option("--since", help="What was published from then on: 30d, or a date.", show_default=False),
    ],
    end: Annotated[
        str | None, typer.Option("--until", help="And before then; else until now.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be told.")] = False,
    json: Json = False,
) -> None:
    """Ask a source for what it published before Tocsin listened. What was told before is told to nobody.

    The running ingest does it, some days at a time. Sources of kind federal_register and hacker_news can
    be asked by date.

    Example:
        tocsin sources backfill federal-register-bis --since 2026-01-01 --until 2026-07-01 --dry-run
    """
    now = datetime.now(UTC)
    until, following = since(end, now) if end else now, since(start, now).isoformat()
    asked = {"until": until.isoformat(), "dry_run": str(dry_run).lower()}
    done = dict.fromkeys(("entries", "told", "failed"), 0)
    while following:
        answer = _fill(source, asked | {"since": following})
        done = {what: count + answer[what] for what, count in done.items()}
        following = answer["next"]
        reached = shown(following or asked["until"])
        output.errors.print(
            f"{source}: {done['entries']} entries up to {reached}", highlight=False, markup=False
        )
    if json:
        output.as_json(done)
        return
    told = "would be told" if dry_run else "notices told"
    output.table(("entries", told, "failed"), [tuple(done.values())], empty="")


def _fill(source: str, asked: dict[str, str]) -> Row:
    try:
        return dict(_call("POST", f"/{source}/backfill", asked))
    except Refused as refused:
        if refused.problem.get("status") not in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}:
            raise
        raise Failure(
            refused.status, *refused.lines, f"go on later with --since {asked['since']}"
        ) from refused


def _call(method: str, path: str, params: dict[str, str] | None = None) -> Any:
    return call(method, f"{setting('ingest_url')}/v1/sources{path}", setting("api_key"), params=params)


sources.command("test")(trying.try_out)
sources.command("add")(trying.add)
sources.command("import")(opml.import_opml)
sources.command("export")(opml.export)
sources.add_typer(failed, name="failed")
