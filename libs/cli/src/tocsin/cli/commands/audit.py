"""`tocsin audit`: proof of delivery, what ought to have been told against what is on record."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from json import dumps
from typing import Annotated, Any

import typer

from tocsin.chassis.archive import Tell
from tocsin.cli import output
from tocsin.cli.client import Body, call
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.kafka import ask, records
from tocsin.cli.moments import shown, since
from tocsin.cli.place import setting
from tocsin.contracts import ALERTS
from tocsin.contracts.cloudevents import header

NOTICES_A_CALL = "200"
AT_ONCE = 500  # alerts
KEPT = (ALERTS.retention or timedelta.max) - timedelta(hours=1)  # what is older the topic may have let go
CLOCK_SLACK = timedelta(minutes=5)
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
    The alerts topic is asked itself whether it holds every alert that the ledger calls published; other
    receivers cannot tell. Exit status 1 if there are gaps, swept ones included: audit again to see that they
    are gone.

    Examples:
        tocsin audit --since 30d

        tocsin audit --sweep
    """
    begin = since(start, datetime.now(UTC))
    report = _audit(begin, sweep=sweep)
    missing = _missing(begin)
    report["gaps"] += map(_gap, missing)
    if sweep and missing:
        _publish_again(missing)
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


def _missing(start: datetime) -> list[Row]:
    """Alerts that the ledger calls published, and that the alerts topic should hold and does not."""
    start = max(start, datetime.now(UTC) - KEPT)
    told = [alert for alert in _alerts(start) if alert["published_at"]]

    async def there(bootstrap: str, tell: Tell) -> set[str]:
        return {
            header(record.headers, "ce_id") or ""
            async for some in records(bootstrap, ALERTS, start - CLOCK_SLACK, tell)
            for record in some
        }

    found = ask(there) if told else set()
    return [alert for alert in told if alert["id"] not in found]


def _alerts(start: datetime) -> Iterator[Row]:
    asked = {"since": start.isoformat(), "limit": str(AT_ONCE)}
    while True:
        page = call("GET", f"{setting('notify_url')}/v1/alerts", setting("api_key"), params=asked)
        yield from page["items"]
        if page["next"] is None:
            return
        asked["cursor"] = page["next"]


def _gap(alert: Row) -> Row:
    return {
        "recorded_at": alert["raised_at"],
        "case_ref": alert["case_ref"],
        "step": alert["step"],
        "title": alert["headline"],
        "cause": "not_on_topic",
        "because": "the ledger calls the alert published, and the alerts topic does not hold it",
        "team": alert["team"],
        "channel": ALERTS.name,
    }


def _publish_again(alerts: Sequence[Row]) -> None:
    ids = [alert["id"] for alert in alerts]
    for first in range(0, len(ids), AT_ONCE):
        body = Body(dumps({"alerts": ids[first : first + AT_ONCE]}).encode())
        call("POST", f"{setting('notify_url')}/v1/audit/publish-again", setting("api_key"), body=body)


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
