"""`tocsin push`: hand notices in, one from options or many from a file."""

import json as codec
import sys
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, call
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import setting


def push(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    source: Annotated[
        str | None, typer.Option("--source", "-s", help="A source declared with kind push.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the notice.")] = None,
    text: Annotated[str, typer.Option("--text", help="Its text; - reads standard input.")] = "",
    url: Annotated[str | None, typer.Option("--url", help="Where it can be read.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="NDJSON file: one notice a line, each with a source.")
    ] = None,
    json: Json = False,
) -> None:
    """Push notices into ingest. The same notice again is answered alike and told to nobody.

    Examples:
        tocsin push -s desk --title "Access to Claude Fable 5 suspended" --text - < statement.txt

        tocsin push -f notices.ndjson
    """
    if file is not None:
        body = Body(_read(file), "application/x-ndjson")
    elif source and title:
        words = sys.stdin.read() if text == "-" else text
        notice = {"source": source, "title": title, "text": words} | ({"url": url} if url else {})
        body = Body(codec.dumps(notice).encode())
    else:
        raise Failure(Exit.USAGE, "give --file, or --source and --title; see: tocsin push --help")
    answer = call("POST", f"{setting('ingest_url')}/v1/notices", setting("api_key"), body=body)
    if json:
        output.as_json(answer)
    else:
        rows = [(told["status"], told["id"]) for told in answer["accepted"]]
        output.table(("status", "notice"), rows, empty="Nothing was accepted.")
    if rejected := answer.get("rejected"):
        raise Failure(Exit.FAILED, *(f"line {line['line']}: {line['error']}" for line in rejected))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Failure(Exit.USAGE, f"cannot read {file}: {error.strerror}") from error
