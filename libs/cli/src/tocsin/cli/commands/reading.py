"""`tocsin alerts`, `cases`, `deliveries`: what was told, about what, to whom, with what result."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import call
from tocsin.cli.commands.options import Json, Limit, Since, Team
from tocsin.cli.moments import shown, since
from tocsin.cli.place import setting

Row = dict[str, Any]


def alerts(
    team: Team = None,
    case: Annotated[str | None, typer.Option("--case", "-c", help="Only this case, C-7F3K2M.")] = None,
    start: Since = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """List alerts, newest first.

    Examples:
        tocsin alerts --team payments --since 7d

        tocsin alerts --case C-7F3K2M --json
    """
    rows = _read("alerts", limit, start, team=team, case=case)
    if json:
        output.as_json(rows)
        return
    output.table(
        ("raised", "team", "case", "step", "severity", "headline", "because", "alert"),
        (
            (
                shown(row["raised_at"]),
                row["team"],
                row["case_ref"],
                f"{row['step']} {row['kind']}",
                row["severity"],
                row["headline"],
                row["reasons"][0]["because"],
                row["id"],
            )
            for row in rows
        ),
        empty="No alerts yet. Who would be told what is declared with: tocsin apply -f teams.yaml",
    )


def cases(
    ref: Annotated[str | None, typer.Argument(help="A case to show whole: C-7F3K2M.")] = None,
    start: Since = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """List cases, newest first, or show one: steps, notices, and what sources differ about.

    Examples:
        tocsin cases

        tocsin cases C-7F3K2M
    """
    if ref is not None:
        _show_case(_get(f"cases/{ref}"), json=json)
        return
    rows = _read("cases", limit, start)
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


def deliveries(
    team: Team = None,
    state: Annotated[str | None, typer.Option("--state", help="pending, delivered or failed.")] = None,
    start: Since = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """List deliveries with their attempts, newest first.

    Examples:
        tocsin deliveries --state pending

        tocsin deliveries --team payments --json
    """
    rows = _read("deliveries", limit, start, team=team, state=state)
    if json:
        output.as_json(rows)
        return
    output.table(
        ("raised", "team", "channel", "state", "attempts", "delivered or due", "headline", "last error"),
        (
            (
                shown(row["raised_at"]),
                row["team_id"],
                row["channel"],
                row["state"],
                row["attempts"],
                shown(row["delivered_at"] or row["due_at"]),
                row["headline"],
                row["last_error"],
            )
            for row in rows
        ),
        empty="No deliveries yet.",
    )


def _show_case(case: Row, *, json: bool) -> None:
    if json:
        output.as_json(case)
        return
    about = ", ".join(subject["name"] for subject in case["subjects"])
    output.pairs(
        {
            "case": case["ref"],
            "state": case["state"],
            "category": case["category"],
            "about": about,
            "told by": _counted(case),
        }
    )
    output.table(
        ("step", "kind", "state", "severity", "taken"),
        ((s["number"], s["kind"], s["state"], s["severity"], shown(s["taken_at"])) for s in case["steps"]),
        empty="no steps",
    )
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
    output.table(
        ("seen", "tier", "source", "says", "title", "in this case because"),
        (
            (
                shown(one["notice"]["first_seen_at"]),
                one["notice"]["source"]["tier"],
                one["notice"]["source"]["name"],
                f"{one['classification']['category']} {one['classification']['action']}",
                one["notice"]["title"],
                one["because"],
            )
            for one in case["notices"]
        ),
        empty="no notices",
    )


def _counted(case: Row) -> str:
    """How many notices told a case, and how many of them only repeat another: an older case has no count."""
    copies = case.get("copies", 0)
    return f"{len(case['notices'])} notices" + (f", {copies} of them copied" if copies else "")


def _read(what: str, limit: int, start: str | None, **filters: str | None) -> list[Row]:
    asked = {name: value for name, value in filters.items() if value is not None}
    if start is not None:
        asked["since"] = since(start, datetime.now(UTC)).isoformat()
    rows: list[Row] = _get(what, asked | {"limit": str(limit)})["items"]
    return rows


def _get(path: str, params: dict[str, str] | None = None) -> Row:
    answer: Row = call("GET", f"{setting('notify_url')}/v1/{path}", setting("api_key"), params=params)
    return answer
