"""The story of June 2026, team by step: teams on either model each get exactly their steps."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from tocsin.contracts import Entity, EntityId, NoticeClassified
from tocsin.contracts.subscriptions import Team
from tocsin.notify.cases.filing import Case, Development, file
from tocsin.notify.routing.route import route
from tocsin.notify.standing import Standing

Tell = Callable[..., NoticeClassified]

BOTH = ("fable", "mythos")
LAW = {"category": "export_control", "jurisdictions": ("US",)}
LIFT = {"action": "lifted", "severity": "high"} | LAW
WATCHES: dict[str, dict[str, Any]] = {
    "on-fable": {"models": ["Claude Fable 5"]},
    "on-mythos": {"models": ["Claude Mythos 5"]},
    "on-both": {"models": ["Claude Fable 5", "Claude Mythos 5"]},
    "on-the-vendor": {"vendors": ["Anthropic"]},
    "on-us-export-law": {"categories": ["export_control"], "jurisdictions": ["US"]},
    "on-another": {"models": ["Claude Opus 4.8"]},
}
EVERYONE = {"on-fable", "on-mythos", "on-both", "on-the-vendor"}

# What is told in turn, what step it is, and who hears of it.
Row = tuple[str, tuple[str, ...], str, float, dict[str, Any], str | None, set[str]]
STORY: list[Row] = [
    ("incident", BOTH, "party", 0, {}, "opened", EVERYONE),
    ("statement", BOTH, "party", 1, LAW, None, set()),
    ("copy", BOTH, "press", 2, LAW, None, set()),
    ("order", BOTH, "official", 40, LAW, "confirmed", EVERYONE | {"on-us-export-law"}),
    (
        "second letter",
        ("mythos",),
        "press",
        300,
        {"action": "eased", "severity": "high", "targets": ("listed organisations",)} | LAW,
        "eased",
        EVERYONE - {"on-fable"} | {"on-us-export-law"},
    ),
    ("second letter, copied", ("mythos",), "press", 301, {"action": "eased"} | LAW, None, set()),
    ("soon", BOTH, "press", 400, LIFT | {"stage": "scheduled"}, None, set()),
    ("over", BOTH, "press", 430, LIFT, "lifted", EVERYONE | {"on-us-export-law"}),
    ("over, says the authority", BOTH, "official", 431, LIFT, None, set()),
    ("incident", BOTH, "party", 432, {"action": "lifted", "text": "Resolved."}, None, set()),
]


class Town:
    """Cases and teams without rows: whom each notice is told, and of what."""

    def __init__(self, entities: list[Entity]) -> None:
        teams = [
            Team.model_validate({"id": team, "name": team, "watches": [{"name": "ours"} | watch]})
            for team, watch in WATCHES.items()
        ]
        self.standing = Standing(teams, entities)
        self.cases: dict[str, Case] = {}
        self.told: dict[str, dict[str, frozenset[EntityId]]] = defaultdict(dict)

    def hear(self, fact: NoticeClassified) -> tuple[list[str], dict[str, set[str]]]:
        """The steps that a notice is, and by team what of its own each told one is about."""
        kinds: list[str] = []
        heard: dict[str, set[str]] = {}
        for filing in file(fact, sorted(self.cases.values(), key=lambda case: case.changed_at, reverse=True)):
            self.cases[filing.case.id] = filing.case
            if filing.step is not None:
                kinds.append(filing.step.kind.value)
                news = Development(fact=fact, case=filing.case, step=filing.step)
                heard |= self._tell(news)
        return kinds, heard

    def _tell(self, news: Development) -> dict[str, set[str]]:
        told, heard = self.told[news.case.id], {}
        for to in route(news, self.standing.subscribers, told, self.standing.names):
            things = {ref for reason in to.reasons for ref in reason.entities}
            told[to.team] = told.get(to.team, frozenset()) | {ref.id for ref in things}
            heard[to.team] = {ref.name for ref in things}
        return heard


def test_every_team_gets_exactly_its_steps(tell: Tell, entities: list[Entity]) -> None:
    town = Town(entities)
    for document, about, tier, hours, said, kind, teams in STORY:
        kinds, heard = town.hear(tell(document, about, tier=tier, hours=hours, **said))
        assert (kinds, set(heard)) == ([kind] if kind else [], teams), document
        if "on-fable" in heard:
            assert heard["on-fable"] == {"Claude Fable 5"}
        if "on-mythos" in heard:
            assert heard["on-mythos"] == {"Claude Mythos 5"}
    assert len(town.cases) == 1
