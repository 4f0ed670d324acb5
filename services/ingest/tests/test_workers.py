"""Work that hangs, dies or eats memory costs only its own job."""

import ctypes
import threading
import time
from collections.abc import Iterator

import pytest

from tocsin.ingest.workers import JobFailed, Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    there = Workers(count=1, seconds=10, megabytes=500)
    yield there
    there.close()


def test_a_job_gives_what_it_gives_and_says_what_it_raises(workers: Workers) -> None:
    assert workers.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(JobFailed, match="ZeroDivisionError"):
        workers.run(divmod, 7, 0)
    assert workers.run(divmod, 7, 3) == (2, 1)


def test_a_job_that_hangs_is_ended_and_the_next_one_runs() -> None:
    impatient = Workers(count=1, seconds=2, megabytes=500)
    impatient.run(divmod, 1, 1)
    with pytest.raises(JobFailed, match="not done in 2 s"):
        impatient.run(time.sleep, 60)
    assert impatient.run(divmod, 9, 2) == (4, 1)
    impatient.close()


def test_a_job_that_crashes_its_process_costs_only_itself(workers: Workers) -> None:
    with pytest.raises(JobFailed, match="died"):
        workers.run(ctypes.string_at, 0)
    assert workers.run(divmod, 9, 2) == (4, 1)


def test_a_job_that_wants_too_much_memory_gets_none(workers: Workers) -> None:
    with pytest.raises(JobFailed, match="MemoryError"):
        workers.run(bytes, 2_000_000_000)
    assert workers.run(divmod, 9, 2) == (4, 1)


def test_no_more_jobs_than_processes_run_at_a_time(workers: Workers) -> None:
    started = time.monotonic()
    workers.run(divmod, 1, 1)
    jobs = [threading.Thread(target=workers.run, args=(time.sleep, 0.3)) for _ in range(3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert time.monotonic() - started >= 0.9
