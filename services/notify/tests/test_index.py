"""The index gives what asking every watch of every team gives: the same teams, reasons and order."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.contracts import Category, EntityRef, Kind, NoticeClassified, Severity, StepKind
from tocsin.contracts.subscriptions import Exclusion, Team, Watch
from tocsin.notify.cases.filing import Development, open_case
from tocsin.notify.routing.conditions import Conditions
from tocsin.notify.routing.index import Index
from tocsin.notify.routing.names import Names
from tocsin.notify.routing.notthis import NotThis, Sort
from tocsin.notify.routing.route import ENDINGS, compile_team, route
from tocsin.notify.routing.why import explain_routing

Tell = Callable[..., NoticeClassified]

# What is of what, written out by hand: the scan below asks nothing of the code under test.
FAMILIES = {
    "Claude": {"claude", "claude fable", "claude mythos", "fable", "mythos", "opus"},
    "Claude Fable": {"claude fable", "fable"},
    "Claude Mythos": {"claude mythos", "mythos"},
    "GPT": {"gpt"},
}
MODELS = {
    "Claude": "claude",
    "Claude Fable 5": "fable",
    "Claude Mythos 5": "mythos",
    "Claude Opus 4.8": "opus",
    "GPT-6": "gpt",
}
ABOVE = {
    "fable": {"claude fable", "claude"},
    "mythos": {"claude mythos", "claude"},
    "opus": {"claude"},
    "claude fable": {"claude"},
    "claude mythos": {"claude"},
}
FAMILY_THINGS = {"Claude": "claude", "Claude Fable": "claude fable", "Claude Mythos": "claude mythos"}
VENDORS = {"Anthropic": "anthropic", "OpenAI": "openai", "NVIDIA": "nvidia"}
MADE = {
    "anthropic": {"claude", "claude fable", "claude mythos", "fable", "mythos", "opus"},
    "openai": {"gpt"},
    "nvidia": {"h20"},
}
IDS = {
    "claude": "model:claude",
    "claude fable": "model:claude-fable",
    "claude mythos": "model:claude-mythos",
    "fable": "model:claude-fable-5",
    "mythos": "model:claude-mythos-5",
    "opus": "model:claude-opus-4.8",
    "gpt": "model:gpt-6",
    "h20": "chip:h20",
    "anthropic": "vendor:anthropic",
    "openai": "vendor:openai",
    "nvidia": "vendor:nvidia",
}
PLACES = ("US", "EU", "GB")
GROUNDS = (Category.EXPORT_CONTROL, Category.MODEL_RESTRICTION, Category.GUIDANCE)


def some(options: Iterable[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(list(options)), max_size=most, unique=True).map(tuple)


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "models": some(MODELS),
    "families": some(FAMILIES),
    "vendors": some(VENDORS),
    "chips": some(["H20"], 1),
    "categories": some(GROUNDS),
    "jurisdictions": some(["us", "EU", "gb"]),
}


def few_fields(count: int) -> st.SearchStrategy[dict[str, Any]]:
    """A few of the fields: where all are drawn hardly anything matches."""
    fields = st.lists(st.sampled_from(list(FIELDS)), min_size=1, max_size=count, unique=True)
    return fields.flatmap(lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in names})).filter(
        lambda said: any(said.values())
    )


WATCHES = st.builds(
    lambda asked, severity, excluded: asked | {"min_severity": severity, "not": excluded},
    few_fields(2),
    st.sampled_from([Severity.INFO, Severity.LOW, Severity.CRITICAL]),
    st.none() | few_fields(1),
)
TEAMS = st.lists(st.lists(WATCHES, min_size=1, max_size=3), max_size=5)
REFUSALS = some(
    [
        *((Sort.ENTITY, thing) for thing in IDS.values()),
        *((Sort.SOURCE, f"a-{tier}") for tier in ("press", "official")),
        (Sort.CASE, "this"),
        (Sort.CASE, "case-of-another"),
    ],
    2,
)


def things(said: Watch | Exclusion) -> set[str]:
    named = {MODELS[name] for name in said.models} | {VENDORS[name] for name in said.vendors}
    families = {thing for family in said.families for thing in FAMILIES[family]}
    return named | families | {"h20" for _ in said.chips}


def left(about: tuple[EntityRef, ...], out: set[str]) -> tuple[EntityRef, ...]:
    kept = tuple(ref for ref in about if ref.id not in out)
    makers = {Kind.VENDOR}
    if {ref.kind for ref in about} - makers and not {ref.kind for ref in kept} - makers:
        return ()
    return kept


def hits(watch: Watch, news: Development, about: tuple[EntityRef, ...]) -> tuple[str, ...] | None:
    """What a watch matches on, by its declaration; None when it does not match."""
    said = news.fact.classification
    grounds = {said.category, news.case.category}
    places = {*said.jurisdictions, *news.case.jurisdictions}
    other = watch.excluded or Exclusion.model_construct()
    if news.step.severity.rank < watch.min_severity.rank:
        return None
    if watch.categories and not grounds & set(watch.categories):
        return None
    if watch.jurisdictions and not places & {place.upper() for place in watch.jurisdictions}:
        return None
    if grounds & set(other.categories) or places & {place.upper() for place in other.jurisdictions}:
        return None
    out = things(other) | {made for vendor in other.vendors for made in MADE[VENDORS[vendor]]}
    meant = left(about, {IDS[thing] for thing in out})
    own = things(watch)
    if not own:
        return () if meant or not news.step.subjects else None
    named = {MODELS[name] for name in watch.models}
    named |= {FAMILY_THINGS[family] for family in watch.families if family in FAMILY_THINGS}
    reach = {IDS[thing] for thing in own.union(*(ABOVE.get(one, set()) for one in named))}
    return tuple(ref.id for ref in meant if ref.id in reach) or None


def scanned(
    news: Development, teams: list[Team], refusals: dict[str, list[NotThis]], told: dict[str, frozenset[str]]
) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Each team asked, each of its watches; gives by team the watches that match, and on what."""
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for team in teams:
        own = refusals.get(team.id, [])
        hidden = any(
            (one.sort, one.thing) in {(Sort.CASE, news.case.id), (Sort.SOURCE, news.fact.notice.source.id)}
            for one in own
        )
        about = left(news.step.subjects, {one.thing for one in own if one.sort is Sort.ENTITY})
        reasons = [
            (watch.name, what) for watch in team.watches if (what := hits(watch, news, about)) is not None
        ]
        if hidden or (news.step.subjects and not about):
            reasons = []
        if not reasons and news.step.kind in ENDINGS:
            again = [ref for ref in news.step.subjects if ref.id in told.get(team.id, frozenset())]
            made = [ref.id for ref in again if ref.kind is not Kind.VENDOR] or [ref.id for ref in again]
            reasons = [("", tuple(made))] if made else []
        if reasons:
            found[team.id] = reasons
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    declared=TEAMS,
    refused=st.lists(REFUSALS, max_size=3),
    about=some([thing for thing in IDS if thing != "nvidia"], 3),
    said=st.fixed_dictionaries(
        {
            "severity": st.sampled_from([*Severity, Severity.CRITICAL, Severity.CRITICAL]),
            "jurisdictions": some(PLACES),
            "category": st.sampled_from(GROUNDS),
            "tier": st.sampled_from(["press", "official"]),
        }
    ),
    ground=st.sampled_from(GROUNDS),
    kind=st.sampled_from(list(StepKind)),
    earlier=st.lists(some(IDS.values(), 3), max_size=5),
)
def test_the_index_gives_what_a_plain_scan_gives_and_the_explanation_says_the_same(
    tell: Tell,
    names: Names,
    *,
    declared: list[list[dict[str, Any]]],
    refused: list[tuple[tuple[Sort, str], ...]],
    about: tuple[str, ...],
    said: dict[str, Any],
    ground: Category,
    kind: StepKind,
    earlier: list[tuple[str, ...]],
) -> None:
    opened = open_case(tell(about=about, **said))
    assert opened is not None
    case, step = opened
    news = Development(
        fact=tell(about=about, **said),
        case=case.model_copy(update={"category": ground}),
        step=step.model_copy(update={"kind": kind}),
    )
    teams = [
        Team.model_validate(
            {"id": f"t{n}", "name": "T", "watches": [{"name": f"w{m}"} | w for m, w in enumerate(watches)]}
        )
        for n, watches in enumerate(declared)
    ]
    refusals = {
        f"t{n}": [
            NotThis(
                number=m,
                team=f"t{n}",
                sort=sort,
                thing=case.id if thing == "this" else thing,
                author="a",
                reason="r",
                made_at=datetime(2026, 6, 1, tzinfo=UTC),
            )
            for m, (sort, thing) in enumerate(own)
        ]
        for n, own in enumerate(refused)
    }
    told = {f"t{n}": frozenset(ids) for n, ids in enumerate(earlier)}
    conditions = Conditions(names)
    index = Index(compile_team(team, conditions, refusals.get(team.id, ())) for team in teams)
    recipients = route(news, index, told, names)
    assert [
        (to.team, [(reason.watch, tuple(ref.id for ref in reason.entities)) for reason in to.reasons])
        for to in recipients
    ] == list(scanned(news, teams, refusals, told).items())
    reasons = {to.team: to.reasons for to in recipients}
    for subscriber in index:
        explained = explain_routing(news, subscriber, told.get(subscriber.team, frozenset()), names)
        assert explained.told is (subscriber.team in reasons)
        matched = {one.watch for one in explained.watches if one.matches}
        by_watch = {reason.watch for reason in reasons.get(subscriber.team, ()) if reason.watch}
        assert by_watch <= matched
        for one in explained.watches:
            assert one.matches is all(check.holds for check in one.checks)
