"""`tocsin snapshot`: the bytes that a notice was read from."""

import hashlib
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli import output
from tocsin.cli.client import fetch
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.place import setting

snapshot = typer.Typer(no_args_is_help=True, help="The evidence: bytes as they were fetched or pushed.")


@snapshot.callback()
def _group() -> None:
    """Keeps `show` a command of its own, as long as it is the only one."""


@snapshot.command("show")
def show(
    sha256: Annotated[str, typer.Argument(help="The content_sha256 of a notice.")],
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the very bytes to this file.")
    ] = None,
) -> None:
    """Show the bytes that a notice was read from, and check that they are the ones.

    On a terminal control characters are made harmless; a pipe and --output get the bytes as they are.

    Examples:
        tocsin snapshot show 9c1f... | less

        tocsin snapshot show 9c1f... --output evidence.xml
    """
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise Failure(Exit.USAGE, f"{sha256!r} is no SHA-256: give all 64 digits, as the notice has them")
    body = fetch(f"{setting('ingest_url')}/v1/snapshots/{sha256}", setting("api_key"))
    if hashlib.sha256(body).hexdigest() != sha256:
        raise Failure(Exit.FAILED, "what is kept under this hash has another one: somebody has changed it")
    if to is not None:
        _write(to, body)
    elif sys.stdout.isatty():
        output.console.print(output.plain(body.decode("utf-8", errors="replace")), soft_wrap=True)
    else:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()


def _write(path: Path, body: bytes) -> None:
    try:
        path.write_bytes(body)
    except OSError as error:
        raise Failure(Exit.USAGE, f"cannot write {path}: {error.strerror}") from error
