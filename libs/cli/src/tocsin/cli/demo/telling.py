"""Telling the story on a terminal: what is published, who hears of it and why, and the reckoning."""

import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from tocsin.cli import output
from tocsin.cli.demo.receivers import Arrival
from tocsin.cli.demo.run import Town, expected, play, settle, town
from tocsin.cli.demo.story import Beat, load

READING_SECONDS = 1.5  # between beats, for people

Row = dict[str, Any]  # a JSON object of the API


@dataclass(frozen=True)
class Reckoning:
    """What was expected against what was told and what arrived, by team and kind of step."""

    expected: Counter[tuple[str, str]]
    told: Counter[tuple[str, str]]
    arrivals: int
    twice: int
    rejected: int

    @property
    def right(self) -> bool:
        """Whether every expected alert arrived exactly once, and nothing else did."""
        exact = self.told == self.expected and self.arrivals == self.expected.total()
        return exact and not self.twice and not self.rejected


def tell(out: Console, *, stays: bool) -> Reckoning:
    """Tell the story on a console. ``stays`` leaves time to read, and goes on running until Ctrl-C."""
    began = time.monotonic()
    story = load()
    out.print("Starting Kafka, PostgreSQL and three services on throw-away data ...")
    with town(story, lambda step: out.print(f"  {step}", highlight=False)) as place:
        settle(place, len(story.everyday))
        out.print(f"  {len(story.everyday)} everyday notices went through; nobody was told.\n")

        def heard(beat: Beat, arrivals: list[Arrival]) -> None:
            took = time.monotonic() - began
            _narrate(out, place, beat, arrivals)
            if arrivals and arrivals[0] is place.inbox.arrivals[0]:
                _show_mail(out, arrivals)
                out.print(f"[dim]first alert {took:.1f} s after the start[/]\n")
            if stays:
                time.sleep(READING_SECONDS)

        play(place, story.beats, heard)
        reckoning = reckon(place, expected(story))
        _show_reckoning(out, reckoning)
        if stays:
            _stay(out, place)
    return reckoning


def reckon(place: Town, due: Counter[tuple[str, str]]) -> Reckoning:
    """Compare what is due with what notify raised and what came in at the receivers."""
    arrivals = place.inbox.arrivals
    return Reckoning(
        expected=due,
        told=Counter((row["team"], row["kind"]) for row in place.get("alerts")),
        arrivals=len(arrivals),
        twice=len(arrivals) - len({(arrival.team, arrival.id) for arrival in arrivals}),
        rejected=len(place.inbox.rejected),
    )


def _narrate(out: Console, place: Town, beat: Beat, arrivals: list[Arrival]) -> None:
    out.print(Text(f"{beat.when}  ", style="bold") + Text(beat.what))
    out.print(Text(f"    {beat.wire}: “{beat.title}”", style="italic"))
    if not arrivals:
        out.print(Text("    nobody is told"))
    else:
        alerts = {row["team"]: row for row in reversed(place.get("alerts"))}
        for arrival in arrivals:
            _show(out, arrival, alerts[arrival.team])
    out.print()


def _show(out: Console, arrival: Arrival, alert: Row) -> None:
    out.print(
        Text(f"    → {arrival.team} by {arrival.channel}: ", style="bold") + output.plain(alert["headline"])
    )
    for line in (
        f"{alert['severity']} · {alert['provenance']} · case {alert['case_ref']} · step {alert['step']}",
        alert["reasons"][0]["because"],
        f"“{alert['quotes'][0]['text']}”",
        _stages(alert, arrival.at),
    ):
        out.print(Padding(output.plain(line), (0, 0, 0, 6)))


def _show_mail(out: Console, arrivals: list[Arrival]) -> None:
    """The first mail in full: this is what an on-call engineer reads."""
    mail = next(arrival for arrival in arrivals if arrival.body)
    out.print("    The mail to the duty engineer in full:")
    out.print(Padding(output.plain(mail.body.rstrip()), (0, 0, 1, 6), style="dim"))


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


def _show_reckoning(out: Console, reckoning: Reckoning) -> None:
    due, told = reckoning.expected, reckoning.told
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
    output.table(("team", "told of", "expected", "told", "right"), rows, empty="nothing", out=out)
    out.print(
        f"\n{due.total()} expected, {reckoning.arrivals} arrived, {reckoning.twice} twice, "
        f"{reckoning.rejected} with a bad signature or shape"
    )


def _stay(out: Console, place: Town) -> None:
    at = place.stack.place
    out.print("\nAll of it goes on running. Try in another terminal:")
    out.print(f"  export TOCSIN_NOTIFY_URL={at.notify_url} TOCSIN_INGEST_URL={at.ingest_url}")
    out.print(f"  export TOCSIN_KAFKA_BOOTSTRAP_SERVERS={at.kafka} TOCSIN_API_KEY={at.api_key}")
    for words in ("cases", "alerts --team payments", "deliveries"):
        out.print(f"  {sys.argv[0]} {words}")
    out.print("Ctrl-C ends it.")
    while True:
        place.stack.watch()
        time.sleep(0.5)
