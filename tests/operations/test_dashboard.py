"""The dashboard: JSON that Grafana loads, which answers its three questions from metrics that there are."""

import json
import re
from pathlib import Path
from typing import Any

from tocsin.cli.metricspage import known

DASHBOARD = Path(__file__).parents[2] / "deploy" / "grafana" / "tocsin.json"


def _panels() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return panels


def test_it_asks_three_questions() -> None:
    rows = [panel["title"] for panel in _panels() if panel["type"] == "row"]
    assert rows == ["Is anyone harmed?", "Where is it stuck?", "Since when?"]


def test_every_panel_asks_for_metrics_that_there_are_and_says_what_it_means() -> None:
    samples = {sample for metric in known() for sample in metric.samples}
    for panel in _panels():
        if panel["type"] != "row":
            assert panel["description"], panel["title"]
            for target in panel["targets"]:
                named = set(re.findall(r"\btocsin_\w+", target["expr"]))
                assert named <= samples, panel["title"]
                assert named or "ALERTS" in target["expr"], panel["title"]


def test_no_two_panels_share_an_id_or_a_place() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in _panels():
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < 24, panel["title"]
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    assert len({panel["id"] for panel in _panels()}) == len(_panels())
