"""Every command that a page or a help text shows is there, with the options that it shows."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from tocsin.cli.__main__ import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TOCSIN = typer.main.get_command(app)

FENCED = re.compile(r"^```(?:sh|console|bash|yaml)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
CALL = re.compile(
    r"(?:^|[|;&(]\s*|\s{2,}|\brun: )(?:\.venv/bin/)?tocsin\s+(.*?)(?=\s{2,}(?:tocsin\s|\S)|[|;&]|$)"
)


def shown(text: str) -> Iterator[str]:
    """The calls of `tocsin` in a page, without the name: from blocks, and from code within sentences."""
    blocks = [*FENCED.findall(text), *INDENTED.findall(text), *INLINE.findall(text)]
    for line in (line for block in blocks for line in block.replace("\\\n", " ").splitlines()):
        yield from CALL.findall(line.strip())


def complaint(call: str) -> str | None:
    """What is wrong with a call: a command or an option that is not there."""
    try:
        words = shlex.split(call, comments=True)
    except ValueError:
        words = call.split()
    command = TOCSIN
    while words and isinstance(command, TyperGroup):
        name = words.pop(0)
        if name.startswith(("-", "[", "...")) or name.isupper():
            return None  # of `tocsin` itself, or a place where any command may stand
        if (found := command.commands.get(name)) is None:
            return f"no command {name!r} in `tocsin {call}`"
        command = found
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
    given = (word.strip("[]").split("=")[0] for word in words if word.startswith(("--", "[--")))
    wrong = next((name for name in given if name not in options), None)
    return f"no option {wrong} in `tocsin {call}`" if wrong else None


def test_pages_are_read() -> None:
    """The finder finds: a page in every manner of showing a command."""
    page = "Say `tocsin why A` or\n\n    tocsin apply -f t.yaml   # now\n\n```sh\nc | tocsin push -f -\n```\n"
    assert sorted(shown(page)) == ["apply -f t.yaml", "push -f -", "why A"]
    assert complaint("why ALERT --json") is None
    assert complaint("wyh ALERT") == "no command 'wyh' in `tocsin wyh ALERT`"
    assert complaint("why ALERT --jsn") == "no option --jsn in `tocsin why ALERT --jsn`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_of_a_page_is_there(page: Path) -> None:
    calls = shown(page.read_text(encoding="utf-8"))
    assert [said for said in map(complaint, calls) if said] == []


def test_every_example_of_a_help_text_is_there() -> None:
    assert [said for text in helps(TOCSIN) for said in map(complaint, examples(text)) if said] == []


def helps(command: object) -> Iterator[str]:
    """The help of a command and of all below it."""
    assert isinstance(command, TyperCommand | TyperGroup)
    yield command.help or ""
    if isinstance(command, TyperGroup):
        for each in command.commands.values():
            yield from helps(each)


def examples(text: str) -> Iterator[str]:
    """The calls in a help text."""
    for line in text.splitlines():
        yield from CALL.findall(line.strip())
