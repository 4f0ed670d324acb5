"""An explanation as one HTML page that needs nothing else: no script, no request, light or dark."""

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from tocsin.classify.explain.explanation import Act, Explanation, Mark, WhatIf
from tocsin.classify.explain.marking import parted
from tocsin.classify.explain.telling import changed, points_told, verdict_told

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(told: Explanation) -> str:
    """The page. Everything that is not ours is escaped, so hostile text stays text."""
    title = f"Why: {told.title}" if told.title else "Why a text is classified as it is"
    parts = (
        *_head(title, told),
        *_text(told),
        *_table("The marks", ("", "words", "what they carry"), _mark_rows(told)),
        *_table("The acts", ("act", "rule", "how it stands", "clause", "score"), _act_rows(told)),
        *_table("The names", ("name", "kind", "role", "because"), _name_rows(told)),
        *_table("What would change it", ("change", "then"), _change_rows(told.what_if)),
        f"<footer>Rules and catalogue {_said(told.rules_version)}</footer></main></body></html>\n",
    )
    return "\n".join(parts)


def _head(title: str, told: Explanation) -> Iterator[str]:
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{_said(title)}</title><style>{style}</style></head><body><main>"
    yield f'<h1>{_said(verdict_told(told.verdict))}</h1><p class="because">{_said(told.because)}</p>'
    yield f"<p>Read as {_said(told.genre)} of a source of tier {_said(told.tier)}.</p>"


def _text(told: Explanation) -> Iterator[str]:
    yield '<section aria-labelledby="text"><h2 id="text">The text</h2><blockquote dir="auto">'
    for field, written in (("title", told.title), ("text", told.text)):
        marks = [mark for mark in told.marks if mark.span.field == field]
        yield f'<p class="{field}">{"".join(_pieces(written, marks))}</p>'
    if told.characters > len(told.text):
        yield f"<p>… {told.characters - len(told.text):,} more characters carry nothing.</p>"
    yield "</blockquote></section>"


def _pieces(written: str, marks: list[Mark]) -> Iterator[str]:
    for words, within, ending in parted(written, marks):
        shown = _said(words)
        if within:  # the innermost gives the colour; the title says what all of them carry
            says = _said("; ".join(say for mark in within for say in mark.says))
            shown = f'<mark class="{within[-1].kind}" title="{says}">{shown}</mark>'
        links = "".join(f'<a href="#mark-{mark.number}">{mark.number}</a>' for mark in reversed(ending))
        yield f"{shown}<sup>{links}</sup>" if links else shown


def _table(name: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A section with a table of cells that are HTML already; nothing when there are no rows."""
    rows = list(rows)
    if not rows:
        return
    # It may be wider than a phone: then it scrolls by itself, by keyboard too.
    yield f'<section tabindex="0" aria-label="{name}"><table><caption>{name}</caption><thead><tr>'
    yield "".join(f'<th scope="col">{head}</th>' for head in heads) + "</tr></thead><tbody>"
    for first, *others in rows:
        cells = "".join(f"<td>{cell}</td>" for cell in others)
        yield f'<tr><th scope="row">{first}</th>{cells}</tr>'
    yield "</tbody></table></section>"


def _mark_rows(told: Explanation) -> Iterator[tuple[str, ...]]:
    for mark in told.marks:
        yield f'<span id="mark-{mark.number}">{mark.number}</span>', _said(mark.span.quote), _lines(mark.says)


def _act_rows(told: Explanation) -> Iterator[tuple[str, ...]]:
    for act in told.acts:
        part = "" if act.part == "other" else f"<br><strong>{act.part}</strong>"
        yield (
            f"{_said(f'{act.category}/{act.action}')}{part}",
            f"<code>{_said(act.rule)}</code><br>{_said(act.words)}<br><small>{_said(act.source)}</small>",
            _standing(act),
            f'<span dir="auto">{_said(act.clause)}</span>',
            f"{act.score:.1f}<br><small>{_said(points_told(act))}</small>",
        )


def _standing(act: Act) -> str:
    if act.cue is None:
        return _said(act.standing)
    cue = f"<code>{_said(act.cue.id)}</code> {_said(act.cue.words)}"
    return f"{_said(act.standing)}: “{_said(act.cue.quote)}”<br>{cue}"


def _name_rows(told: Explanation) -> Iterator[tuple[str, ...]]:
    for name in told.names:
        yield _said(name.name), name.kind, name.role, _lines(name.because)
    for left in told.left_out:
        quote = f"“{_said(left.span.quote)}”"
        yield quote, left.kind, f"not {_said(left.name)}", _lines(left.because)


def _change_rows(changes: Iterable[WhatIf]) -> Iterator[tuple[str, ...]]:
    for one in changes:
        yield _said(one.change), _said(changed(one))


def _lines(says: Iterable[str]) -> str:
    return "<br>".join(map(_said, says))


def _said(text: str) -> str:
    """Text as HTML; what cannot be printed, direction marks included, becomes a box."""
    return escape("".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text))
