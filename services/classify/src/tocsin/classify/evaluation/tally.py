"""Counts of right, wrong and missed, what they come to, and how far they can be trusted."""

import random
from collections.abc import Sequence
from typing import NamedTuple

RESAMPLES = 1_000
SEED = 20260613
TAIL = 0.025  # 95% lie between the two tails


class Tally(NamedTuple):
    """How many claims were right, how many wrong, and how many labels were missed.

    One answer out of several is one right, or one wrong and one missed: precision, recall and F1 are then
    the same figure, the accuracy.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of the claims that were right; 1 where nothing was claimed."""
        return self.right / claimed if (claimed := self.right + self.wrong) else 1.0

    @property
    def recall(self) -> float:
        """Share of the labels that were found; 1 where there is none."""
        return self.right / labelled if (labelled := self.right + self.missed) else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there is nothing to find and nothing was claimed."""
        among = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / among if among else 1.0

    @property
    def perfect(self) -> bool:
        """Whether nothing is wrong and nothing missed."""
        return not (self.wrong or self.missed)


def answer(*, right: bool) -> Tally:
    """The tally of one answer out of several."""
    return Tally(1, 0, 0) if right else Tally(0, 1, 1)


def yes_or_no(said: bool, labelled: bool) -> Tally:
    """The tally of one yes or no; a rightful no counts nowhere."""
    return Tally(int(said and labelled), int(said and not labelled), int(labelled and not said))


def names(said: set[str], labelled: set[str]) -> Tally:
    """The tally of a set of names."""
    return Tally(len(said & labelled), len(said - labelled), len(labelled - said))


def total(tallies: Sequence[Tally]) -> Tally:
    """The sum."""
    return Tally(*map(sum, zip(*tallies, strict=True))) if tallies else Tally()


def interval(tallies: Sequence[Tally]) -> tuple[float, float]:
    """The 95% percentile interval of F1 when events are drawn again with replacement.

    One tally an event: items on one event are no independent witnesses. Seeded: the same tallies give the
    same interval. Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
    """
    draw = random.Random(SEED)  # noqa: S311 - statistics, not a secret
    count = len(tallies)
    figures = sorted(total(draw.choices(tallies, k=count)).f1 for _ in range(RESAMPLES))
    cut = int(RESAMPLES * TAIL)
    return figures[cut], figures[-1 - cut]
