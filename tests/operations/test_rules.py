"""The alert rules: promtool proves them, each has its runbook, and each asks for metrics that there are."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tocsin.cli.metricspage import known

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
HEADINGS = ["What you see", "Who is harmed", "What to do", "It is over when"]
Rule = dict[str, Any]  # as rules.yaml has it


def _rules() -> list[Rule]:
    groups = yaml.safe_load((PROMETHEUS / "rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


RULES = _rules()
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])


def test_promtool_proves_the_rules() -> None:
    if (promtool := shutil.which("promtool")) is None:
        pytest.skip("promtool is not installed: the package `prometheus` has it")
    asked = [promtool, "test", "rules", "rules.test.yaml"]
    proved = subprocess.run(asked, cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert proved.returncode == 0, proved.stdout + proved.stderr


@each_rule
def test_a_rule_is_tested_both_ways(rule: Rule) -> None:
    tests = yaml.safe_load((PROMETHEUS / "rules.test.yaml").read_text())["tests"]
    asked = [case for test in tests for case in test["alert_rule_test"] if case["alertname"] == rule["alert"]]
    assert {bool(case.get("exp_alerts")) for case in asked} == {True, False}


@each_rule
def test_a_rule_asks_for_metrics_that_there_are(rule: Rule) -> None:
    samples = {sample for metric in known() for sample in metric.samples}
    named = set(re.findall(r"\btocsin_\w+", rule["expr"]))
    assert named
    assert named <= samples


@each_rule
def test_a_rule_has_a_runbook_from_what_is_seen_to_how_it_ends(rule: Rule) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    page = ROOT / rule["annotations"]["runbook_url"]
    assert page == RUNBOOKS / f"{rule['alert']}.md"
    text = page.read_text()
    assert text.startswith(f"# {rule['alert']}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS


def test_no_runbook_is_left_over() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {rule["alert"] for rule in RULES}


def test_runbooks_name_metrics_and_pages_that_there_are() -> None:
    samples = {sample for metric in known() for sample in metric.samples}
    for page in RUNBOOKS.glob("*.md"):
        text = page.read_text()
        assert set(re.findall(r"\btocsin_\w+", text)) <= samples, page.name
        assert all((RUNBOOKS / link).exists() for link in re.findall(r"\]\(([^)]+)\)", text)), page.name
