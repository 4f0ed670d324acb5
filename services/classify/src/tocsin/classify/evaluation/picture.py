"""The confusion matrix as text and as an SVG, both from the same counts."""

from collections.abc import Mapping, Sequence
from html import escape

Counts = Mapping[tuple[str, str], int]

CELL = 44
LEFT = 170
TOP = 130
STYLE = "font: 12px sans-serif"
BLUE, RED = "#2563eb", "#dc2626"
DEEPEST = 0.6  # figures stay legible


def as_text(counts: Counts, names: Sequence[str]) -> list[str]:
    """A row a label, a column a claim; a dot for none."""
    numbers = range(1, len(names) + 1)
    rows = ["label \\ said".ljust(24) + "".join(f"{number:>5}" for number in numbers)]
    for number, label in zip(numbers, names, strict=True):
        cells = "".join(f"{counts.get((label, said), 0) or '.':>5}" for said in names)
        rows.append(f"{number:>2} {label:<21}{cells}")
    return rows


def as_svg(counts: Counts, names: Sequence[str]) -> str:
    """The matrix as a picture: right answers blue, wrong ones red, deeper with their share of the row."""
    width, height = LEFT + CELL * len(names) + 10, TOP + CELL * len(names) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" style="{STYLE}">',
        "<title>Categories: rows are labels, columns what classify says</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for place, name in enumerate(names):
        middle = TOP + CELL * place + CELL // 2
        parts.append(f'<text x="{LEFT - 8}" y="{middle + 4}" text-anchor="end">{escape(name)}</text>')
        across = LEFT + CELL * place + CELL // 2
        turned = f'transform="rotate(-45 {across} {TOP - 8})"'
        parts.append(f'<text x="{across}" y="{TOP - 8}" {turned}>{escape(name)}</text>')
        parts += _row(counts, names, place)
    return "\n".join([*parts, "</svg>", ""])


def _row(counts: Counts, names: Sequence[str], row: int) -> list[str]:
    label = names[row]
    whole = sum(counts.get((label, said), 0) for said in names) or 1
    cells = []
    for column, said in enumerate(names):
        count = counts.get((label, said), 0)
        x, y = LEFT + CELL * column, TOP + CELL * row
        fill = f'fill="{BLUE if said == label else RED}" fill-opacity="{DEEPEST * count / whole:.2f}"'
        square = f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" {fill} stroke="#ddd"/>'
        middle = f'x="{x + CELL // 2}" y="{y + CELL // 2 + 4}" text-anchor="middle"'
        cells.append(square + (f"<text {middle}>{count}</text>" if count else ""))
    return cells
