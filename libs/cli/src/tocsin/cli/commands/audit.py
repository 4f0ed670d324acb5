"""`tocsin audit`: proof of delivery, what ought to have been told against what is on record."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import call
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown, since
from tocsin.cli.place import setting

NOTICES_A_CALL = "200"
COLUMNS = ("recorded", "missing or open", "case", "step", "team", "channel", "notice", "because")

Row = dict[str, Any]


def audit(
    start: Annotated[str, typer.Option("--since", help="How far back: 30m, 12h, 7d, or a time.")] = "7d",
    sweep: Annotated[bool, typer.Option("--sweep", help="Make up for the gaps that are found.")] = False,
    json: Json = False,
) -> None:
    """Decide again about every notice on record, and name each alert and delivery that is missing.

    What is on record and only waits (a receiver that is down, say) is listed as open; it is no gap. With
    --sweep gaps are driven again under the ids they had from the start, so that nothing is told twice.
    Exit status 1 if there are gaps, swept ones included: audit again to see that they are gone.

    Examples:
        tocsin audit --since 30d

        tocsin audit --sweep
    """
    report = _audit(since(start, datetime.now(UTC)), sweep=sweep)
    gaps = report["gaps"]
    if json:
        output.as_json(report)
    else:
        if gaps or report["open"]:
            output.table(COLUMNS, (_row(row) for row in (*gaps, *report["open"])), empty="")
        output.console.print(
            f"{report['notices']} notices that report an act: {report['expected']} deliveries expected, "
            f"{report['confirmed']} confirmed, {len(report['open'])} open, {len(gaps)} gap(s)",
            soft_wrap=True,
        )
    if gaps:
        cure = (
            "they were driven again: see tocsin audit" if sweep else "make up for them: tocsin audit --sweep"
        )
        raise Failure(Exit.FAILED, f"{len(gaps)} gap(s); {cure}")


def _audit(start: datetime, *, sweep: bool) -> Row:
    """All pages as one report."""
    method, path = ("POST", "audit/sweep") if sweep else ("GET", "audit")
    asked = {"since": start.isoformat(), "limit": NOTICES_A_CALL}
    report: Row = {"notices": 0, "expected": 0, "confirmed": 0, "gaps": [], "open": []}
    following: str | None = ""
    while following is not None:
        params = asked | ({"cursor": following} if following else {})
        page: Row = call(method, f"{setting('notify_url')}/v1/{path}", setting("api_key"), params=params)
        following = page.pop("next")
        report = {name: report[name] + page[name] for name in report}
    return report


def _row(row: Row) -> tuple[object, ...]:
    return (
        shown(row["recorded_at"]),
        row["cause"].replace("_", " "),
        row["case_ref"],
        row["step"],
        row["team"],
        row["channel"],
        row["title"],
        row["because"],
    )
