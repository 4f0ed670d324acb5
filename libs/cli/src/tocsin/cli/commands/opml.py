"""`tocsin sources import` and `export`: lists of feeds, as other readers write and read them (OPML 2.0)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from xml.sax.saxutils import quoteattr

import typer
from pydantic import ValidationError

from tocsin.cli import output
from tocsin.cli.commands.trying import SourcesFile
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.sourcesfile import append, as_yaml, declared
from tocsin.contracts import Tier
from tocsin.contracts.cloudevents import describe
from tocsin.ingest.source import Kind, Source

MAX_BYTES = 10_000_000
FEEDS = {Kind.FEED, Kind.STATUSPAGE, Kind.JSON_FEED}


def import_opml(
    file: Annotated[Path, typer.Argument(help="An OPML file.")],
    tier: Annotated[
        Tier, typer.Option("--tier", help="How close these are to the acts they report.")
    ] = Tier.PRESS,
    write: Annotated[
        Path | None, typer.Option("--write", "-w", help="Append them to this sources.yaml; comments stay.")
    ] = None,
) -> None:
    """Turn the feeds of an OPML file into declarations. What is declared already is left out.

    Examples:
        tocsin sources import feeds.opml

        tocsin sources import regulators.opml --tier official --write sources.yaml
    """
    known = declared(write if write and write.exists() else None)
    taken, addresses = {source.id for source in known}, {source.url for source in known}
    new: list[Source] = []
    refused: list[str] = []
    for found in _feeds(file):
        if found["url"] in addresses:
            continue
        try:
            source = _declaration(found, tier, taken)
        except ValidationError as error:
            refused.append(f"{found['url']}: {describe(error)}")
            continue
        taken.add(source.id)
        addresses.add(source.url)
        new.append(source)
    if write is not None and new:
        append(write, new)
    output.console.print(output.plain(as_yaml(new)), end="", soft_wrap=True)
    output.errors.print(f"{len(new)} new" + (f", appended to {write}" if write and new else ""))
    if refused:
        raise Failure(Exit.FAILED, *refused)


def export(
    opml: Annotated[
        Path | None, typer.Option("--opml", help="File to write; standard output if left out.")
    ] = None,
    sources: SourcesFile = None,
) -> None:
    """Write the declared feeds as OPML, a folder for each tier. Pages, lists and clients are no feeds.

    Example:
        tocsin sources export --opml tocsin.opml
    """
    text = _document(declared(sources))
    if opml is None:
        typer.echo(text, nl=False)
        return
    try:
        opml.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(Exit.USAGE, f"cannot write {opml}: {error.strerror}") from error


def _feeds(file: Path) -> list[dict[str, Any]]:
    import listparser  # noqa: PLC0415 - it imports an HTTP client that no command needs

    try:
        with file.open("rb") as opened:
            body = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise Failure(Exit.USAGE, f"cannot read {file}: {error.strerror}") from error
    if len(body) > MAX_BYTES:
        raise Failure(Exit.USAGE, f"{file} is over {MAX_BYTES} bytes")
    try:
        feeds: list[dict[str, Any]] = listparser.parse(body).feeds  # bytes: an address would be fetched
    except UnicodeDecodeError as error:
        raise Failure(Exit.USAGE, f"{file}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    if not feeds:
        raise Failure(Exit.USAGE, f"{file} lists no feed: an OPML outline needs type and xmlUrl")
    return feeds


def _declaration(found: dict[str, Any], tier: Tier, taken: set[str]) -> Source:
    name = " ".join(str(found.get("title") or found["url"]).split())[:200]
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:56] or "feed"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 10_000)))
    id_ = next(name for name in names if name not in taken)
    checked = f"{datetime.now(UTC):%d %B %Y}, imported"
    return Source(id=id_, name=name, tier=tier, kind=Kind.FEED, url=found["url"], checked=checked)


def _document(sources: Sequence[Source]) -> str:
    return "".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n',
            "  <head><title>Tocsin</title></head>\n  <body>\n",
            *_outlines(sources),
            "  </body>\n</opml>\n",
        ]
    )


def _outlines(sources: Sequence[Source]) -> Iterator[str]:
    for tier in Tier:
        feeds = [source for source in sources if source.tier is tier and source.kind in FEEDS]
        if feeds:
            yield f"    <outline text={quoteattr(tier)}>\n"
            for feed in feeds:
                name, url = quoteattr(feed.name), quoteattr(feed.location)
                yield f'      <outline type="rss" text={name} title={name} xmlUrl={url}/>\n'
            yield "    </outline>\n"
