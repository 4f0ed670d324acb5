"""How much of a machine classify and notify need, beside the least that could do the same.

make bench-throughput                              # 100,000 notices, 10,000 alerts
.venv/bin/python -m bench.throughput 5000 1000     # a short run
"""

import asyncio
import sys

from bench import classifying, machine, telling
from tocsin.chassis import logs
from tocsin.embedded import Engines


def main(notices: int, alerts: int) -> None:
    logs.configure("bench", level="critical", fmt="console")
    print(machine.describe())
    with Engines() as engines:
        print(f"\n{notices} notices of about 1 KB through classify, one process, embedded broker")
        costs = asyncio.run(classifying.measure(engines.kafka.bootstrap, notices))
        for cost in costs:
            print(f"{cost.name:28}{cost.cpu_us:9.0f} CPU us a notice{cost.rate:9.0f} a second")
        alone, chassis, bare = (
            min(c.cpu_us for c in costs if name in c.name) for name in ("alone", "chassis", "bare")
        )
        print(f"chassis over bare, the better of two each: {chassis / bare:.2f} x (aim 1.3)")
        around = f"{chassis - alone:.0f} on the chassis, {bare - alone:.0f} in the bare loop"
        print(f"around the decisions, CPU us a notice: {around}")
        print(f"\n{alerts} alerts to {telling.TEAMS} teams through notify, embedded PostgreSQL")
        for line in asyncio.run(telling.measure(engines.postgres, alerts)):
            print(line)


if __name__ == "__main__":
    counts = [int(word) for word in sys.argv[1:]] + [100_000, 10_000][len(sys.argv) - 1 :]
    main(*counts)
