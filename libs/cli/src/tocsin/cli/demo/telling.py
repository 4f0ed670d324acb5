"""Telling the story on a terminal: what is published, who hears of it and why, and the reckoning."""

import sys
import time
from collections import Counter
from datetime import datetime
from typing import Any

from rich.padding import Padding
from rich.text import Text

from tocsin.cli import output
from tocsin.cli.demo.receivers import Arrival
from tocsin.cli.demo.run import Town, expected, play, settle, town
from tocsin.cli.demo.story import Beat, load

READING_SECONDS = 1.5  # between beats, for people

Row = dict[str, Any]  # a JSON object of the API


def tell(*, once: bool) -> bool:
    """Tell the story; gives whether every expected alert arrived exactly once, and nothing else did.

    On a terminal it then stays up until Ctrl-C, unless it is told to do it ``once``.
    """
    began = time.monotonic()
    stays = sys.stdout.isatty() and not once
    story = load()
    output.console.print("Starting Kafka, PostgreSQL and three services on throw-away data ...")
    with town(story, lambda step: output.console.print(f"  {step}", highlight=False)) as place:
        settle(place, len(story.everyday))
        output.console.print(f"  {len(story.everyday)} everyday notices went through; nobody was told.\n")

        def heard(beat: Beat, arrivals: list[Arrival]) -> None:
            took = time.monotonic() - began
            _narrate(place, beat, arrivals)
            if arrivals and arrivals[0] is place.inbox.arrivals[0]:
                _show_mail(arrivals)
                output.console.print(f"[dim]first alert {took:.1f} s after the start[/]\n")
            if stays:
                time.sleep(READING_SECONDS)

        play(place, story.beats, heard)
        right = _reckon(place, expected(story))
        if stays:
            _stay(place)
    return right


def _narrate(place: Town, beat: Beat, arrivals: list[Arrival]) -> None:
    output.console.print(Text(f"{beat.when}  ", style="bold") + Text(beat.what))
    output.console.print(Text(f"    {beat.wire}: “{beat.title}”", style="italic"))
    if not arrivals:
        output.console.print(Text("    nobody is told"))
    else:
        alerts = {row["team"]: row for row in reversed(place.get("alerts"))}
        for arrival in arrivals:
            _show(arrival, alerts[arrival.team])
    output.console.print()


def _show(arrival: Arrival, alert: Row) -> None:
    output.console.print(
        Text(f"    → {arrival.team} by {arrival.channel}: ", style="bold") + output.plain(alert["headline"])
    )
    for line in (
        f"{alert['severity']} · {alert['provenance']} · case {alert['case_ref']} · step {alert['step']}",
        alert["reasons"][0]["because"],
        f"“{alert['quotes'][0]['text']}”",
        _stages(alert, arrival.at),
    ):
        output.console.print(Padding(output.plain(line), (0, 0, 0, 6)))


def _show_mail(arrivals: list[Arrival]) -> None:
    """The first mail in full: this is what an on-call engineer reads."""
    mail = next(arrival for arrival in arrivals if arrival.body)
    output.console.print("    The mail to the duty engineer in full:")
    output.console.print(Padding(output.plain(mail.body.rstrip()), (0, 0, 1, 6), style="dim"))


def _stages(alert: Row, arrived: datetime) -> str:
    """How long each stage took, in milliseconds from the moment ingest held the notice."""
    seen, classified, raised = (
        datetime.fromisoformat(alert[name]) for name in ("seen_at", "classified_at", "raised_at")
    )
    stages = {
        "ingest+classify": classified - seen,
        "notify": raised - classified,
        "deliver": arrived - raised,
        "in all": arrived - seen,
    }
    return " · ".join(f"{name} {span.total_seconds() * 1000:.0f} ms" for name, span in stages.items())


def _reckon(place: Town, due: Counter[tuple[str, str]]) -> bool:
    """Print expected against delivered, and say whether they are one and the same."""
    told = Counter((row["team"], row["kind"]) for row in place.get("alerts"))
    arrived = Counter(arrival.team for arrival in place.inbox.arrivals)
    rows = [
        (
            team,
            kind,
            due[team, kind],
            told[team, kind],
            "yes" if due[team, kind] == told[team, kind] else "NO",
        )
        for team, kind in sorted(due.keys() | told.keys())
    ]
    output.table(("team", "told of", "expected", "told", "right"), rows, empty="nothing")
    expected_by_team = Counter({team: 0 for team, _ in due})
    for (team, _), count in due.items():
        expected_by_team[team] += count
    twice = len(place.inbox.arrivals) - len({arrival.id for arrival in place.inbox.arrivals})
    output.console.print(
        f"\n{sum(due.values())} expected, {len(place.inbox.arrivals)} arrived, {twice} twice, "
        f"{len(place.inbox.rejected)} with a bad signature or shape"
    )
    return told == due and arrived == expected_by_team and not twice and not place.inbox.rejected


def _stay(place: Town) -> None:
    at = place.stack.place
    output.console.print("\nAll of it goes on running. Try in another terminal:")
    output.console.print(f"  export TOCSIN_NOTIFY_URL={at.notify_url} TOCSIN_INGEST_URL={at.ingest_url}")
    output.console.print(f"  export TOCSIN_KAFKA_BOOTSTRAP_SERVERS={at.kafka} TOCSIN_API_KEY={at.api_key}")
    for words in ("cases", "alerts --team payments", "deliveries"):
        output.console.print(f"  {sys.argv[0]} {words}")
    output.console.print("Ctrl-C ends it.")
    while True:
        place.stack.watch()
        time.sleep(0.5)
