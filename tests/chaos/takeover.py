"""Take-over: how long after a replica fell out its partitions were in the hands of others. Pure."""

from collections.abc import Iterable
from typing import NamedTuple


class Assignment(NamedTuple):
    """A replica says which partitions of a topic it has from now on."""

    at: float  # seconds since the epoch
    service: str
    partitions: frozenset[int]


def seconds_to_take_over(
    fallen: str, at: float, assignments: Iterable[Assignment], partitions: int
) -> float | None:
    """From the fall to the moment when living replicas hold every partition; None when they never do.

    ``assignments`` are those of one topic. What the fallen one says later counts: it has come back.
    """
    ordered = sorted(assignments)
    held = {one.service: one.partitions for one in ordered if one.at < at and one.service != fallen}
    for one in ordered:
        if one.at < at:
            continue
        held[one.service] = one.partitions
        if len(frozenset[int]().union(*held.values())) == partitions:
            return one.at - at
    return None
