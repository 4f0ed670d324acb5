"""Plan: now or in a summary, whatever teams declare and whenever it is; nothing is dropped."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts import AlertRaised, Severity, StepKind, SummarySort
from tocsin.contracts.channels import Digest
from tocsin.contracts.subscriptions import Subscriptions, Team
from tocsin.notify.pacing.plan import GATHERING, Earlier, Folded, Known, Now, Waiting, decide, plan
from tocsin.notify.pacing.silence import Silence

AnAlert = Callable[..., AlertRaised]

DOCUMENT = Path(__file__).parents[3] / "docs" / "pacing.md"
NOON = datetime(2026, 6, 12, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 6, 12, 23, 0, tzinfo=UTC)
QUIET = {"quiet_hours": {"from": "22:00", "to": "07:00"}}
PAGER = {"kind": "pagerduty", "routing_key_env": "KEY"}
LATE = Waiting(SummarySort.DIGEST, "daily 2026-06-13T09:00Z", NOON + timedelta(hours=21))
HIDDEN = Waiting(SummarySort.SILENCE, "1", NOON + timedelta(days=2))
SENT = Earlier(Severity.CRITICAL, None)
COMING = Earlier(Severity.HIGH, LATE)
SILENCED = Earlier(Severity.CRITICAL, HIDDEN)
SILENCE = Silence(
    number=1,
    team="payments",
    watch="checkout",
    until=NOON + timedelta(days=2),
    author="ana",
    reason="we know",
    made_at=NOON - timedelta(hours=1),
)
CRITICAL, HIGH = {"severity": Severity.CRITICAL}, {"severity": Severity.HIGH}
LIFTED = HIGH | {"kind": StepKind.LIFTED}


def team(channel: dict[str, Any], **other: Any) -> Team:
    declared = {"id": "payments", "name": "Payments", "watches": [{"name": "checkout", "models": ["m"]}]}
    return Team.model_validate(declared | {"channels": [{"kind": "log", "name": "one"} | channel]} | other)


def known(*earlier: Earlier, gone: int = 0, storm: Waiting | None = None, silent: bool = False) -> Known:
    return Known(
        silences=[SILENCE] if silent else [],
        earlier={"one": earlier},
        gone={"one": gone},
        storms={"one": storm} if storm else {},
    )


STORM = Waiting(SummarySort.STORM, "then", NOON + timedelta(minutes=3))


@pytest.mark.parametrize(
    ("said", "channel", "of", "record", "now", "comes"),
    [
        (CRITICAL, {}, {}, known(), NOON, "now"),
        (HIGH, {}, {}, known(), NOON, "now"),
        (HIGH, {"digest": "hourly"}, {}, known(), NOON, "digest hourly 2026-06-12T13:00Z"),
        (HIGH, {"digest": "daily"}, {}, known(), NOON, "digest daily 2026-06-13T09:00Z"),
        (HIGH, {"digest": "weekly"}, {}, known(), NOON, "digest weekly 2026-06-15T09:00Z"),
        (CRITICAL, {"digest": "daily"}, {}, known(), NOON, "now"),  # urgent
        (HIGH, {"digest": "daily"}, {"urgent": "high"}, known(), NOON, "now"),
        (HIGH, {}, QUIET, known(), NIGHT, "quiet 2026-06-13T07:00Z"),
        (CRITICAL, {}, QUIET, known(), NIGHT, "now"),
        (HIGH, PAGER, QUIET, known(), NIGHT, "quiet 2026-06-13T07:00Z"),
        # Nobody is woken by digests: those that end in quiet hours are one summary at their end.
        (HIGH, {"digest": "hourly"}, QUIET, known(), NIGHT, "quiet 2026-06-13T07:00Z"),
        (HIGH, {"digest": "daily"}, QUIET, known(), NIGHT, "digest daily 2026-06-13T09:00Z"),
        (CRITICAL, {}, {}, known(silent=True), NOON, "silence 1"),
        (CRITICAL, PAGER, {}, known(silent=True), NOON, "silence 1"),
        # Caps hold what is urgent too: a storm of it is a storm.
        (CRITICAL, {"most_an_hour": 5}, {}, known(gone=4), NOON, "now"),
        (CRITICAL, {"most_an_hour": 5}, {}, known(gone=5), NOON, f"storm {NOON.isoformat()}"),
        (CRITICAL, {}, {"most_an_hour": 5}, known(gone=5), NOON, f"storm {NOON.isoformat()}"),
        (CRITICAL, {"most_an_hour": 5}, {}, known(gone=9, storm=STORM), NOON, "storm then"),
        (CRITICAL, {"most_an_hour": 5}, {}, known(gone=2, storm=STORM), NOON, "storm then"),
        # Endings: never held by a silence where the beginning was sent.
        (LIFTED, {}, {}, known(SENT, silent=True), NOON, "now"),
        (LIFTED, {}, {}, known(silent=True), NOON, "silence 1"),  # it ends nothing that was told here
        (LIFTED, {}, {}, known(SILENCED, silent=True), NOON, "silence 1"),
        (LIFTED, {}, {}, known(SILENCED), NOON, "silence 1"),  # and so is in the same summary
        (LIFTED, {}, {}, known(COMING), NOON, "digest daily 2026-06-13T09:00Z"),
        (LIFTED, {}, {}, known(SENT, COMING), NOON, "now"),
        (LIFTED, {"digest": "daily"}, {}, known(SENT), NOON, "digest daily 2026-06-13T09:00Z"),
        (LIFTED, {"digest": "daily"}, {}, known(SENT, silent=True), NOON, "digest daily 2026-06-13T09:00Z"),
        (LIFTED, {}, QUIET, known(SENT), NIGHT, "quiet 2026-06-13T07:00Z"),
        (LIFTED, {"most_an_hour": 1}, {}, known(SENT, gone=1), NOON, f"storm {NOON.isoformat()}"),
        # An alarm that is held open ends at once, whatever else there is.
        (LIFTED, PAGER | {"most_an_hour": 1}, QUIET, known(SENT, gone=9, silent=True), NIGHT, "now"),
        (LIFTED, PAGER, QUIET, known(COMING), NIGHT, "digest daily 2026-06-13T09:00Z"),  # not open yet
        # Inhibition: what is no graver joins what is still to be told of its case, but not a silence.
        (HIGH, {}, {}, known(COMING), NOON, "digest daily 2026-06-13T09:00Z"),
        (CRITICAL, {}, {}, known(COMING), NOON, "now"),
        (HIGH, {}, {}, known(SILENCED), NOON, "now"),
    ],
)
def test_what_becomes_of_an_alert(  # noqa: PLR0917 - a row of the table
    an_alert: AnAlert,
    said: dict[str, Any],
    channel: dict[str, Any],
    of: dict[str, Any],
    record: Known,
    now: datetime,
    comes: str,
) -> None:
    told = team(channel, **of)
    made = decide(an_alert(**said), told.channels[0], told, record, now)
    assert ("now" if isinstance(made, Now) else f"{made.sort} {made.key}") == comes
    assert made.because
    if isinstance(made, Folded):
        assert made.due_at > now


def test_each_channel_is_decided_for_itself_and_what_goes_counts_for_the_team(an_alert: AnAlert) -> None:
    channels = [{"kind": "log", "name": name} for name in "abc"]
    told = team({}, channels=channels, most_an_hour=2)
    made = plan(an_alert(), told, Known(), NOON)
    assert [isinstance(made[name], Now) for name in "abc"] == [True, True, False]
    assert made["c"] == Folded(
        SummarySort.STORM,
        NOON.isoformat(),
        NOON + GATHERING,
        "2 went to this team within an hour, and most_an_hour is 2",
    )


def test_the_end_of_an_alarm_uses_up_no_cap(an_alert: AnAlert) -> None:
    told = team({}, channels=[PAGER | {"name": "pager"}, {"kind": "log", "name": "one"}], most_an_hour=1)
    record = Known(earlier={"pager": [SENT], "one": [SENT]})
    made = plan(an_alert(**LIFTED), told, record, NOON)
    assert [isinstance(made[name], Now) for name in ("pager", "one")] == [True, True]


@pytest.mark.parametrize("said", [LIFTED, HIGH])
def test_a_step_joins_the_last_summary_that_its_case_waits_in(
    an_alert: AnAlert, said: dict[str, Any]
) -> None:
    told = team({})
    first = Earlier(Severity.CRITICAL, STORM)
    for order, last in (((first, COMING), LATE), ((COMING, first), STORM)):
        made = decide(an_alert(**said), told.channels[0], told, known(*order), NOON)
        assert isinstance(made, Folded)
        assert (made.sort, made.key, made.due_at, made.what) == (*_place(last), "inhibited")


def _place(summary: Waiting) -> tuple[SummarySort, str, datetime]:
    return summary.sort, summary.key, summary.due_at


def test_a_digest_that_comes_due_in_quiet_hours_goes_when_they_end(an_alert: AnAlert) -> None:
    told = team({"digest": "daily"}, digest_at="23:00", **QUIET)
    made = decide(an_alert(**HIGH), told.channels[0], told, known(), NOON)
    assert isinstance(made, Folded)
    assert (made.key, made.due_at) == ("daily 2026-06-12T23:00Z", NOON + timedelta(hours=19))


def test_the_documents_example_can_be_applied() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    (said,) = [Subscriptions.model_validate(yaml.safe_load(example)) for example in examples]
    assert said.teams[0].quiet_hours is not None


def test_of_two_silences_the_last_to_end_tells(an_alert: AnAlert) -> None:
    shorter = SILENCE.model_copy(update={"number": 2, "until": NOON + timedelta(hours=1)})
    told = team({})
    made = decide(an_alert(), told.channels[0], told, Known(silences=[SILENCE, shorter]), NOON)
    assert isinstance(made, Folded)
    assert (made.key, made.due_at, made.since) == ("1", SILENCE.until, SILENCE.made_at)


EARLIER = st.lists(
    st.builds(
        Earlier,
        st.sampled_from(Severity),
        st.none() | st.sampled_from([LATE, HIDDEN, STORM]),
    ),
    max_size=4,
)
TEAMS = st.builds(
    lambda channel, hours, urgent, most: team(channel, urgent=urgent, most_an_hour=most, **hours),
    st.sampled_from(
        [PAGER, {"kind": "alertmanager", "url": "https://am.example"}]
        + [{"digest": digest.value, "most_an_hour": 3} for digest in Digest]
    ),
    st.sampled_from([{}, QUIET, QUIET | {"time_zone": "America/New_York"}]),
    st.sampled_from(Severity),
    st.integers(1, 8),
)
WHENS = st.integers(0, 14 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))


@given(
    of=TEAMS,
    kind=st.sampled_from(StepKind),
    severity=st.sampled_from(Severity),
    earlier=EARLIER,
    gone=st.integers(0, 9),
    silent=st.booleans(),
    now=WHENS,
)
def test_nothing_is_dropped_and_an_end_reaches_whoever_was_told(  # noqa: PLR0917 - hypothesis names them
    an_alert: AnAlert,
    of: Team,
    kind: StepKind,
    severity: Severity,
    earlier: list[Earlier],
    gone: int,
    silent: bool,
    now: datetime,
) -> None:
    waits = [one for one in earlier if one.waiting is None or one.waiting.due_at > now]
    stands = silent and SILENCE.until > now
    record = known(*waits, gone=gone, silent=stands)
    made = decide(an_alert(kind=kind, severity=severity), of.channels[0], of, record, now)
    assert made.because
    ends = kind in {StepKind.EASED, StepKind.LIFTED, StepKind.DENIED}
    told = any(one.waiting is None for one in waits)
    if isinstance(made, Folded):
        silence = made.sort is SummarySort.SILENCE
        assert now < made.due_at <= now + timedelta(days=7, hours=12)  # a week, and quiet hours
        assert not (ends and told and silence)
        assert not (ends and told and of.channels[0].kind in {"pagerduty", "alertmanager"})
        urgent = severity.rank >= of.urgent.rank
        joined = any(one.waiting and one.waiting.key == made.key for one in waits)
        assert joined or not urgent or made.sort in {SummarySort.STORM, SummarySort.SILENCE}
    elif ends and waits:
        assert told  # else it would come before what it ends
