"""`tocsin push`: hand notices in, one from options or many from a file."""

import json as codec
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.cli import output
from tocsin.cli.client import Body, Refused, call
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.lines import Batch, batches
from tocsin.cli.place import setting

Row = dict[str, Any]


def push(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    source: Annotated[
        str | None, typer.Option("--source", "-s", help="A source declared with kind push.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the notice.")] = None,
    text: Annotated[str, typer.Option("--text", help="Its text; - reads standard input.")] = "",
    url: Annotated[str | None, typer.Option("--url", help="Where it can be read.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "-f", help="NDJSON: one notice a line, each with a source; - is standard input."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Push notices into ingest. The same notice again is answered alike and told to nobody.

    Examples:
        tocsin push -s desk --title "Access to Claude Fable 5 suspended" --text - < statement.txt

        tocsin push -f notices.ndjson

        collector | tocsin push -f -
    """
    if file is not None:
        accepted, rejected = _push_file(file, json=json)
    elif source and title:
        words = sys.stdin.read() if text == "-" else text
        notice = {"source": source, "title": title, "text": words} | ({"url": url} if url else {})
        accepted, rejected = _send(Body(codec.dumps(notice).encode()))["accepted"], []
        _show(accepted, json=json)
    else:
        raise Failure(Exit.USAGE, "give --file, or --source and --title; see: tocsin push --help")
    if json:
        output.as_json({"accepted": accepted} | ({"rejected": rejected} if rejected else {}))
    if rejected:
        raise Failure(Exit.FAILED, *(f"line {line['line']}: {line['error']}" for line in rejected))


def _push_file(file: Path, *, json: bool) -> tuple[list[Row], list[Row]]:
    """What was taken and what refused. Lines go as they come: the input may be endless."""
    accepted: list[Row] = []
    rejected: list[Row] = []
    for batch in _read(file):
        answer = _send_batch(batch)
        refused = [line | {"line": line["line"] + batch.before} for line in answer.get("rejected", [])]
        _show(answer["accepted"], json=json)
        accepted += answer["accepted"]
        rejected += refused
        output.errors.print(
            f"{batch.upto} lines sent: {len(accepted)} taken, {len(rejected)} refused",
            highlight=False,
            markup=False,
        )
    return accepted, rejected


def _send_batch(batch: Batch) -> Row:
    try:
        return _send(Body(batch.content, "application/x-ndjson"))
    except Refused as refused:
        if refused.problem.get("status") == HTTPStatus.UNPROCESSABLE_ENTITY:  # not one of them holds
            return {"accepted": [], "rejected": refused.problem.get("errors", [])}
        told = (
            f"lines up to {batch.before} were taken; send all again when it is mended: nothing is told twice"
        )
        raise Failure(refused.status, *refused.lines, told) from refused


def _send(body: Body) -> Row:
    return dict(call("POST", f"{setting('ingest_url')}/v1/notices", setting("api_key"), body=body))


def _show(accepted: list[Row], *, json: bool) -> None:
    if not json:
        for told in accepted:
            output.console.print(output.plain(f"{told['status']}  {told['id']}"))


def _read(file: Path) -> Iterator[Batch]:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as stream:
            yield from batches(stream)
    except OSError as error:
        raise Failure(Exit.USAGE, f"cannot read {file}: {error.strerror}") from error
