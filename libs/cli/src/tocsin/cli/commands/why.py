"""`tocsin why`, `why-not`: what led to an alert, and what kept a notice from a team."""

from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import call
from tocsin.cli.commands.options import Json
from tocsin.cli.moments import shown
from tocsin.cli.place import setting

Row = dict[str, Any]


def why(
    alert: Annotated[str, typer.Argument(help="Id of an alert, as tocsin alerts --json has it.")],
    json: Json = False,
) -> None:
    """Say why a team was told: its watch, the words of the notice, and why that is in the case.

    Example:
        tocsin why a-0123456789abcdef0123456789
    """
    told = _get(f"why/{alert}")
    if json:
        output.as_json(told)
        return
    output.pairs(
        {
            "alert": told["headline"],
            "team": told["team"],
            "step": f"{told['case_ref']} step {told['step']}, {told['kind']}",
            "notice": _notice(told["notice"]),
            "in the case": f"because {told['joined_because']}",
        }
    )
    output.table(
        ("watch", "because", "on", "in the words"),
        (
            (
                reason["watch"] or "(none)",
                reason["because"],
                ", ".join(entity["name"] for entity in reason["entities"]),
                "; ".join(
                    f"{span['field']} {span['start']}: “{span['quote']}”"
                    for entity in reason["entities"]
                    for span in entity["words"][:3]
                ),
            )
            for reason in told["reasons"]
        ),
        empty="",
    )
    output.table(
        ("channel", "state", "because", "goes"),
        (
            (one["channel"], one["state"], one["because"], one["goes_at"] and shown(one["goes_at"]))
            for one in told.get("deliveries", ())  # an older notify does not say
        ),
        empty="",
    )
    _evidence(told["evidence"])


def why_not(
    notice: Annotated[str, typer.Argument(help="Id of a notice, as tocsin cases CASE --json has it.")],
    team: Annotated[str, typer.Argument(help="Id of the team.")],
    json: Json = False,
) -> None:
    """Say why a notice told a team nothing, watch by watch; or that it did.

    Example:
        tocsin why-not n-0123456789abcdef0123456789 payments
    """
    said = _get("why-not", {"notice": notice, "team": team})
    if json:
        output.as_json(said)
        return
    output.pairs(
        {
            "notice": _notice(said["notice"]),
            "team": said["team"],
            "told": "yes" if said["told"] else "no",
            "because": said["because"],
        }
    )
    for case in said["cases"]:
        _case(case)
    _evidence(said["evidence"])


def _case(case: Row) -> None:
    """What the notice was to a case, and each check of each watch."""
    step = f"step {case['step']}, {case['kind']}" if case["step"] else "no step"
    earlier = ", ".join(f"step {one['step']} ({one['id']})" for one in case["told_of_the_case"])
    output.pairs({case["case_ref"]: step, "told of it": earlier or "nothing"})
    for one in case["not_this"]:
        output.pairs({f"not this {one['sort']}": f"{one['thing']}, said {one['author']}: {one['reason']}"})
    rows = [
        (watch["watch"], "yes" if check["holds"] else "NO", check["asks"], check["because"])
        for watch in case["watches"]
        for check in watch["checks"]
    ]
    if rows:
        output.table(("watch", "holds", "asks for", "because"), rows, empty="")


def _notice(notice: Row) -> str:
    said = f"{notice['category']} {notice['action']}, {notice['certainty']}, {notice['severity']}"
    return f"{notice['title']} ({notice['source']}, {notice['tier']}): {said}"


def _evidence(evidence: list[Row]) -> None:
    rows = ((one["claim"], one["words"], one["rule"]) for one in evidence)
    output.table(
        ("the notice says", "in the words", "by the rule"), rows, empty="The notice has no evidence."
    )


def _get(path: str, params: dict[str, str] | None = None) -> Row:
    answer: Row = call("GET", f"{setting('notify_url')}/v1/{path}", setting("api_key"), params=params)
    return answer
