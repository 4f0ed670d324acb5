"""An explanation on a terminal: the marked text, then what each mark carries."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from tocsin.classify.explain import Explanation
from tocsin.classify.explain.explanation import Act, Mark
from tocsin.classify.explain.marking import parted
from tocsin.classify.explain.telling import changed, points_told, verdict_told
from tocsin.cli import output

STYLES = {"act": "bold yellow", "cue": "cyan", "veto": "bold red", "name": "green", "other": "magenta"}
MOST_ACTS = 8

Entry = tuple[str, list[str]]  # a line, and lines that belong to it


def show(told: Explanation) -> None:
    """Print an explanation."""
    output.console.print(Text(verdict_told(told.verdict), style="bold"))
    output.console.print(output.plain(told.because))
    output.console.print(f"Read as {told.genre} of a source of tier {told.tier}.\n")
    for field, written in (("title", told.title), ("text", told.text)):
        if written:
            output.console.print(_marked(written, [mark for mark in told.marks if mark.span.field == field]))
    if told.characters > len(told.text):
        output.console.print(f"… {told.characters - len(told.text):,} more characters carry nothing.")
    _section("Names", _names(told))
    _section("Acts", _acts(told))
    _section("Dates and the rest", _rest(told))
    _section("What would change it", ((f"{one.change}: {changed(one)}", []) for one in told.what_if))


def _section(name: str, entries: Iterable[Entry]) -> None:
    for number, (head, lines) in enumerate(entries):
        if number == 0:
            output.console.print(Text(f"\n{name}", style="bold underline"))
        _indented(head, 2)
        for line in lines:
            _indented(line, 6)


def _indented(line: str, by: int) -> None:
    for part in output.plain(line).wrap(output.console, max(20, output.console.width - by)):
        output.console.print(Text(" " * by) + part)


def _marked(written: str, marks: list[Mark]) -> Text:
    """`[Commerce](1) [bans [Grok 4](3)](2)`: a mark opens with a bracket and closes with its number."""
    line = Text()
    opened: set[int] = set()
    for words, within, ending in parted(written, marks):
        line.append("[" * sum(mark.number not in opened for mark in within), style="dim")
        opened |= {mark.number for mark in within}
        line.append(output.plain(words).plain, style=STYLES[within[-1].kind] if within else "")
        line.append("".join(f"]({mark.number})" for mark in reversed(ending)), style="dim")
    return line


def _names(told: Explanation) -> Iterator[Entry]:
    for name in told.names:
        numbers = "".join(f"({number})" for number in name.marks)
        yield f"{name.name} {numbers}".strip(), [f"{name.kind}, {name.role}: {'; '.join(name.because)}"]
    for left in told.left_out:
        yield f"“{left.span.quote}”", [f"is not {left.name}: {'; '.join(left.because)}"]


def _acts(told: Explanation) -> Iterator[Entry]:
    for act in told.acts[:MOST_ACTS]:
        part = "" if act.part == "other" else f", {act.part}"
        yield f"({act.mark}) {act.category}/{act.action}{part}", list(_of_act(act))
    if len(told.acts) > MOST_ACTS:
        yield f"and {len(told.acts) - MOST_ACTS} more: see --json", []


def _of_act(act: Act) -> Iterator[str]:
    yield f"{act.rule}: {act.words} ({act.source})"
    yield f"{act.standing} by {act.cue.id}, “{act.cue.quote}”: {act.cue.words}" if act.cue else act.standing
    where = "in the title" if act.sentence == 0 else f"in sentence {act.sentence}"
    yield f"{where}, clause “{act.clause}”"
    yield f"score {act.score:.1f}: {points_told(act)}"


def _rest(told: Explanation) -> Iterator[Entry]:
    for mark in told.marks:
        if mark.kind in ("other", "veto"):
            yield f"({mark.number}) “{mark.span.quote}”", list(mark.says)
