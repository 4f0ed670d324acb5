"""The commands that empty pages of the console teach: each is one that `tocsin` has, with these options."""

import re
from importlib.resources import files

import typer
from typer.core import TyperGroup

from tocsin.cli.__main__ import app

OPTION = re.compile(r"(?<=\s)--[a-z-]+")
TEMPLATES = files("tocsin.notify.console").joinpath("templates")


def taught() -> list[str]:
    pages = [one for folder in (TEMPLATES, TEMPLATES / "live") for one in folder.iterdir() if one.is_file()]
    lines = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines()]
    return [
        re.split(r"<|\}\}\.", found)[0] for line in lines for found in re.findall(r"tocsin [a-z].*", line)
    ]


def test_what_empty_pages_teach_is_there_to_be_typed() -> None:
    commands = taught()
    assert len(commands) > 12
    for line in commands:
        command = typer.main.get_command(app)
        for word in line.split()[1:]:
            if not isinstance(command, TyperGroup):
                break
            assert word in command.commands, line
            command = command.commands[word]
        known = {name for option in command.params for name in option.opts}
        assert set(OPTION.findall(line)) <= known, line
