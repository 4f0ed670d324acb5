"""The figures as tables, for the terminal and for the made part of docs/evaluation.md."""

from collections.abc import Iterable, Iterator, Sequence

from tocsin.classify.evaluation.marking import ANSWERS, Marked
from tocsin.classify.evaluation.picture import as_text
from tocsin.classify.evaluation.results import SLICES, TOPICS, Figure, confusion, figures, slices
from tocsin.classify.evaluation.tally import Tally

BEGIN = "<!-- Made by `make eval` from here -->"
END = "<!-- to here -->"
SLICED = ("relevant or not", "category", "action", "models")


class NoPlace(ValueError):
    """The page lacks the two marks between which the tables go. Put them in: trying again is vain."""


def parts(marked: Sequence[Marked]) -> dict[str, list[Marked]]:
    """The whole corpus, what those who write rules may look at, and what they may not."""
    return {
        "all": list(marked),
        "open": [one for one in marked if not one.item.aside],
        "set aside": [one for one in marked if one.item.aside],
    }


def table(marked: Sequence[Marked]) -> Iterator[str]:
    """A line a measure: precision, recall and F1 with its interval, for each part."""
    columns = parts(marked)
    head = " | ".join(f"{name}: {len(found)} items" for name, found in columns.items())
    yield f"| measure | {head} |"
    yield "|---" * (len(columns) + 1) + "|"
    by_part = [{figure.measure: figure for figure in figures(found)} for found in columns.values()]
    for measure in by_part[0]:
        yield f"| {measure} | " + " | ".join(_cell(found.get(measure)) for found in by_part) + " |"


def sliced(marked: Sequence[Marked], name: str) -> Iterator[str]:
    """A line a language, genre or trap: the F1 or accuracy of some measures, with intervals."""
    yield f"| {name} | items | " + " | ".join(SLICED) + " | pages |"
    yield "|---" * (len(SLICED) + 3) + "|"
    for value, found in slices(marked, SLICES[name]).items():
        told = {figure.measure: figure for figure in figures(found, (*SLICED, "page"))}
        cells = " | ".join(_short(told.get(measure)) for measure in SLICED)
        yield f"| {value.replace('_', ' ')} | {len(found)} | {cells} | {_pages(told['page'].tally)} |"


def made(marked: Sequence[Marked]) -> str:
    """The made part of the page, as Markdown."""
    lines = [*table(marked), ""]
    for name in SLICES:
        lines += [f"### By {name}", "", *sliced(marked, name), ""]
    lines += ["### Confusion", "", "![Confusion matrix](eval/confusion.svg)", "", "```"]
    return "\n".join([*lines, *as_text(confusion(marked), TOPICS), "```"])


def replaced(page: str, part: str) -> str:
    """The page with its made part replaced. Raises ``NoPlace``."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise NoPlace(f"the page needs the lines {BEGIN!r} and {END!r}: put them back and run `make eval`")
    return f"{before}{BEGIN}\n\n{part}\n\n{END}{after}"


def wrong(marked: Iterable[Marked], measure: str | None = None) -> Iterator[str]:
    """What is wrong and not set aside, and what was said instead; by one measure, or by any."""
    for one in marked:
        if not one.item.aside and (measure in one.wrong if measure else one.wrong):
            said, label = one.said, one.item.says
            yield (
                f"{one.item.id} {one.item.title[:70]!r}: {', '.join(one.wrong)}"
                f" (said {said.category}/{said.action}, label {label.category}/{label.action})"
            )


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    tally = figure.tally
    within = f"{tally.f1:.3f} ({figure.low:.2f}-{figure.high:.2f})"
    if figure.measure in ANSWERS:
        return within
    return f"P {tally.precision:.3f} R {tally.recall:.3f} F1 {within}"


def _short(figure: Figure | None) -> str:
    if figure is None or figure.tally == Tally():
        return "-"
    return f"{figure.tally.f1:.2f} ({figure.low:.2f}-{figure.high:.2f})"


def _pages(tally: Tally) -> str:
    return "-" if tally == Tally() else f"{tally.right} right, {tally.wrong} false, {tally.missed} missed"
