"""Sparkline: the figures of some days as a small drawing, with the figures in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

STEP, HEIGHT = 3, 20  # of a day; of the day that had most


@dataclass(frozen=True)
class Spark:
    """The path of an SVG, a stroke a day that had any, in a box ``width`` wide; and what it says."""

    path: str
    width: int
    says: str


def draw(figures: Sequence[int]) -> Spark:
    """A stroke for each figure, oldest first; the greatest reaches to the top, the least can be seen."""
    most = max(figures, default=0)
    strokes = [
        f"M{at * STEP + 1} {HEIGHT}v-{max(1, round(figure / most * HEIGHT))}"
        for at, figure in enumerate(figures)
        if figure > 0
    ]
    listed = " ".join(map(str, figures))
    says = f"{sum(figures)} in {len(figures)} days, day by day until today: {listed}"
    return Spark("".join(strokes), len(figures) * STEP, says)
