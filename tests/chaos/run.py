"""Runs: a load, the faults of a seed, and the verdict. ``python -m tests.chaos.run --help``."""

import argparse
import logging
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import breakages, witness
from tests.chaos.faults import ENGINES, KAFKA, LANES, Fault, Lane, draw
from tests.chaos.load import Load
from tests.chaos.receivers import CHANNELS
from tests.chaos.scene import Scene, scene
from tests.chaos.takeover import seconds_to_take_over
from tests.chaos.verdict import Evidence, Verdict, judge
from tocsin.classify.catalogue.load import load_catalogue
from tocsin.cli.failure import Failure
from tocsin.contracts import NOTICES_PUBLISHED, Kind
from tocsin.notify import reserved

MEASURES = 500  # of the catalogue's models, in its order
AFTER_SECONDS = 3.0  # the load goes on a little after the last fault
QUIET_SECONDS = 20.0  # with nothing pending and nothing new for so long, what is missing is lost
PATIENCE_SECONDS = 400.0  # over two claims of senders that died and the retry after that
STOP_SECONDS = 16.0  # the services' own deadline and a breath
TAKE_OVER_SECONDS = 10.0
FALLS = {"kill -9", "kill -9 and back", "SIGSTOP"}


@dataclass(frozen=True)
class Plan:
    """One run: its faults follow from seed, count and lanes alone."""

    seed: int
    count: int
    lanes: Mapping[str, Lane]
    breakage: str | None = None
    older: Path | None = None  # code that the second replicas run

    @property
    def faults(self) -> list[Fault]:
        return draw(self.seed, self.count, self.lanes)


@dataclass(frozen=True)
class Report:
    """What came of a run."""

    plan: Plan
    verdict: Verdict
    steps: int
    arrivals: int
    answers: Counter[str]
    takeovers: Sequence[float]  # by undisturbed replicas, after a kill -9 or a SIGSTOP
    stops: Sequence[float]
    settled: float  # seconds from the end of the load until everything was told
    complaints: Sequence[str]


def run(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Report:
    """Run once; what is left in ``folder`` are the services' logs."""
    with scene(folder, breakages.environment(plan.breakage), plan.older) as place:
        load = _load(place, plan.faults)
        began = time.time()
        load.start()
        _play(place, plan.faults, tell)
        told = _finish(place, load)
        waited = _settle(place, load)
        return _report(place, plan, load, _Clock(began, waited), told)


@dataclass(frozen=True)
class _Clock:
    began: float
    settled: float


def _load(place: Scene, faults: Sequence[Fault]) -> Load:
    seconds = max(fault.ends for fault in faults) + AFTER_SECONDS
    models = [
        entity.name
        for entity in load_catalogue()
        if entity.kind is Kind.MODEL and entity.id != reserved.MODEL
    ]
    stack = place.stack
    doors = [stack.url(name) for name in stack.names if name.startswith("ingest")]
    return Load(
        doors=doors,
        key=stack.place.api_key,
        kafka=stack.engines.kafka.bootstrap,
        models=models[:MEASURES],
        seconds=seconds,
    )


def _play(place: Scene, faults: Sequence[Fault], tell: Callable[[str], None]) -> None:
    """Do and undo the faults when their time comes."""
    began = time.monotonic()
    deeds = [(fault.begins, fault, True) for fault in faults] + [(f.ends, f, False) for f in faults]
    for at, fault, begins in sorted(deeds, key=lambda deed: deed[0]):
        while time.monotonic() < began + at:
            place.look_after()
            time.sleep(0.02)
        if begins:
            tell(str(fault))
            fault.kind.do(place, fault.target)
        else:
            fault.kind.undo(place, fault.target)


def _finish(place: Scene, load: Load) -> list[str]:
    """Wait until the load is accepted and every service is ready again; gives what is wrong."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not load.join(0.05):
        place.look_after()
        if time.monotonic() > end:
            return ["ingest never accepted the whole load"]
    try:
        while any(place.stack.exit_code(name) is not None for name in place.stack.names):
            place.look_after()
            time.sleep(0.05)
        place.stack.wait_ready(*place.stack.names)
    except Failure as failure:
        return [f"not ready again: {failure}"]
    return []


def _settle(place: Scene, load: Load) -> float:
    """Wait until all is told, or nothing moves any more; gives the seconds it took."""
    began = moved = time.monotonic()
    before = None
    while (now := time.monotonic()) < began + PATIENCE_SECONDS:
        place.look_after()
        arrived = {(one.step, one.channel) for one in place.receivers.log if one.taken}
        waiting = len(witness.pending(place.stack))
        due = len(load.accepted) * len(CHANNELS)
        if len(arrived) >= due and not waiting and len(set(witness.buried(place.stack))) >= len(load.poison):
            break
        if (state := (len(arrived), waiting)) != before or waiting:
            before, moved = state, now
        if now - moved > QUIET_SECONDS:
            break
        time.sleep(0.5)
    return time.monotonic() - began


def _report(place: Scene, plan: Plan, load: Load, clock: _Clock, told: list[str]) -> Report:
    stack = place.stack
    evidence = Evidence(
        accepted=load.accepted,
        raised=witness.raised(stack),
        published=witness.published(stack),
        arrived=place.receivers.log,
        channels=CHANNELS,
        poison=load.poison,
        buried=witness.buried(stack),
    )
    verdict = judge(evidence)
    takeovers = {fault: _takeover(place, fault, clock.began) for fault in undisturbed(plan.faults)}
    slow = [f"nobody took over in {TAKE_OVER_SECONDS} s: {f}" for f, s in takeovers.items() if not _quick(s)]
    late = [
        f"{name} took {seconds:.1f} s to stop, status {code}"
        for name, seconds, code in place.stops
        if seconds > STOP_SECONDS
    ]
    return Report(
        plan=plan,
        verdict=verdict,
        steps=len(load.accepted),
        arrivals=len(place.receivers.log),
        answers=load.answers,
        takeovers=[seconds for seconds in takeovers.values() if seconds is not None],
        stops=[seconds for _, seconds, _ in place.stops],
        settled=clock.settled,
        complaints=[
            *verdict.complaints,
            *witness.gaps(stack),
            *told,
            *place.died,
            *slow,
            *late,
            *load.rude,
            *place.receivers.faulty,
        ],
    )


def undisturbed(faults: Sequence[Fault]) -> list[Fault]:
    """Falls of a consumer that meet no other fault of its service or of Kafka within the take-over."""
    return [
        fault
        for fault in faults
        if fault.kind.name in FALLS
        and fault.target.startswith(("classify", "notify"))
        and not any(_meets(fault, other) for other in faults if other is not fault)
    ]


def _meets(fault: Fault, other: Fault) -> bool:
    same = other.target == KAFKA or other.target.partition(".")[0] == fault.target.partition(".")[0]
    return same and other.begins < fault.begins + TAKE_OVER_SECONDS and other.ends > fault.begins - 4.0


def _takeover(place: Scene, fault: Fault, began: float) -> float | None:
    assigned = witness.assignments(place.stack, fault.target.partition(".")[0])
    return seconds_to_take_over(fault.target, began + fault.begins, assigned, NOTICES_PUBLISHED.partitions)


def _quick(seconds: float | None) -> bool:
    return seconds is not None and seconds <= TAKE_OVER_SECONDS


def summary(reports: Sequence[Report]) -> str:
    """The figures of all runs."""
    kinds = Counter(f"{f.kind.name} {_what(f.target)}" for report in reports for f in report.plan.faults)
    wrong = Counter[str]()
    for report in reports:
        wrong.update(report.verdict.counts)
    lines = [
        f"seeds {', '.join(str(report.plan.seed) for report in reports)}: {kinds.total()} faults",
        *(f"  {count:4d}  {kind}" for kind, count in sorted(kinds.items())),
        f"steps told {sum(r.steps for r in reports)}, messages {sum(r.arrivals for r in reports)}",
        ", ".join(f"{name} {count}" for name, count in wrong.items()),
        f"take-over: {_spread([s for r in reports for s in r.takeovers])}",
        f"SIGTERM to exit: {_spread([s for r in reports for s in r.stops])}",
        f"all told after the load's end: {_spread([r.settled for r in reports])}",
        f"ingest answered {dict(sum((r.answers for r in reports), Counter[str]()).most_common())}",
    ]
    return "\n".join(lines)


def _what(target: str) -> str:
    return target if target in ENGINES else target.partition(".")[0]


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none measured"
    return f"p50 {statistics.median(seconds):.1f} s, max {max(seconds):.1f} s of {len(seconds)}"


def main() -> int:
    """Run what the command line asks for; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="each with the next seed")
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--faults", type=int, default=40, help="a run; about 33 a minute")
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the harness's own clients meet the faults too
    seeds = range(asked.seed, asked.seed + asked.runs)
    reports = [_one(Plan(seed, asked.faults, LANES)) for seed in seeds]
    sys.stdout.write(summary(reports) + "\n")
    failing = [report.plan for report in reports if report.complaints]
    for plan in failing:
        sys.stdout.write(f"FAILED: make chaos RUNS=1 SEED={plan.seed} FAULTS={plan.count} does it again\n")
    return 1 if failing else 0


def _one(plan: Plan) -> Report:
    folder = Path(tempfile.mkdtemp(prefix=f"tocsin-chaos-{plan.seed}-"))
    report = run(plan, folder, _say)
    _say(f"seed {plan.seed}: {report.verdict.counts}; all told {report.settled:.1f} s after the load")
    for complaint in report.complaints:
        _say(f"  {complaint}")
    if report.complaints:
        _say(f"  logs are in {folder}")
    else:
        shutil.rmtree(folder)
    return report


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
