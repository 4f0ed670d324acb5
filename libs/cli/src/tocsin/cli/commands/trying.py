"""`tocsin sources test` and `add`: a source tried here, without Kafka, without a database."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import output
from tocsin.cli.commands.options import Json
from tocsin.cli.failure import Exit, Failure
from tocsin.cli.moments import shown
from tocsin.cli.sourcesfile import append, as_yaml, declared, settings
from tocsin.ingest.source import Source

if TYPE_CHECKING:
    from tocsin.ingest.trial import Trial

SHOWN = 20

SourcesFile = Annotated[
    Path | None,
    typer.Option(
        "--sources", help="A sources.yaml; else TOCSIN_INGEST_SOURCES_FILE, else the catalogue shipped."
    ),
]


def try_out(
    what: Annotated[str, typer.Argument(help="A web address, or the id of a declared source.")],
    sources: SourcesFile = None,
    json: Json = False,
) -> None:
    """Fetch a source once, here, and show the notices that it would tell at its first poll, and why not.

    Nothing is stored and nobody is told: neither Kafka nor PostgreSQL is needed.

    Examples:
        tocsin sources test claude-status

        tocsin sources test https://status.openai.com/history.rss
    """
    from tocsin.cli import trials  # noqa: PLC0415 - half a second that no other command waits for

    effective = settings()
    source = trials.find(what, effective, set()) if _is_address(what) else _named(what, declared(sources))
    tried = trials.once(source, effective)
    if json:
        output.as_json(_as_json(source, tried))
    else:
        _show(source, tried)
    if not tried.notices:
        raise Failure(Exit.FAILED, f"nothing would be told: {tried.reason}")


def add(
    url: Annotated[str, typer.Argument(help="Any page of the site, or the feed itself.")],
    write: Annotated[
        Path | None, typer.Option("--write", "-w", help="Append it to this sources.yaml; comments stay.")
    ] = None,
    json: Json = False,
) -> None:
    """Find the feed of a page, else its sitemap, else the page itself, and propose how to declare it.

    Look it over before you trust it: the tier above all, and the cadence. A running ingest that reads the
    file takes it over within seconds.

    Examples:
        tocsin sources add https://blogs.nvidia.com/

        tocsin sources add https://mistral.ai/news --write sources.yaml
    """
    from tocsin.cli import trials  # noqa: PLC0415 - half a second that no other command waits for

    if not _is_address(url):
        raise Failure(Exit.USAGE, f"{url!r} is no web address: give http:// or https:// and the rest")
    taken = {source.id: source for source in declared(write if write and write.exists() else None)}
    source = trials.find(url, settings(), set(taken))
    known = [one.id for one in taken.values() if one.url == source.url]
    if known:
        raise Failure(Exit.USAGE, f"{source.url} is declared already, as {known[0]}")
    if write is not None:
        append(write, [source])
        output.errors.print(
            f"appended to {write}: try it with: tocsin sources test {source.id} --sources {write}"
        )
    if json:
        output.as_json(source.model_dump(mode="json", exclude_defaults=True))
    else:
        output.console.print(output.plain(as_yaml([source])), end="", soft_wrap=True)


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _named(id_: str, sources: Sequence[Source]) -> Source:
    found = next((source for source in sources if source.id == id_), None)
    if found is None:
        raise Failure(Exit.USAGE, f"no source {id_!r} is declared; give its address, or --sources FILE")
    if not found.kind.is_polled:
        raise Failure(Exit.USAGE, f"{id_} is not fetched: clients push to it, see: tocsin push --help")
    return found


def _as_json(source: Source, tried: "Trial") -> dict[str, object]:
    return {
        "source": source.model_dump(mode="json", exclude_defaults=True),
        "outcome": tried.outcome,
        "reason": tried.reason,
        "location": tried.location,
        "bytes": tried.size,
        "notices": [notice.model_dump(mode="json") for notice in tried.notices],
        "failed": [{"id": bad.native_id, "place": bad.place, "error": bad.error} for bad in tried.bad],
        "left_out": [{"title": entry.title, "reason": reason} for entry, reason in tried.left_out],
    }


def _show(source: Source, tried: "Trial") -> None:
    output.pairs(
        {
            "source": f"{source.id}: {source.name}",
            "read as": f"{source.kind}, tier {source.tier}, every {source.every:g} s",
            "from": tried.location or source.location,
            "outcome": f"{tried.outcome}, {tried.size} bytes",
            "would tell": f"{len(tried.notices)} notice{'' if len(tried.notices) == 1 else 's'}",
        }
    )
    newest = tried.notices[::-1][:SHOWN]
    output.table(
        ("published", "title", "address"),
        ((shown(_iso(notice.published_at)), notice.title, notice.url) for notice in newest),
        empty=f"No notices: {tried.reason}",
    )
    if len(tried.notices) > SHOWN:
        output.console.print(f"and {len(tried.notices) - SHOWN} older ones: --json shows all")
    if tried.bad:
        rows = ((bad.native_id, bad.place, bad.error) for bad in tried.bad)
        output.table(("cannot be read", "place", "because"), rows, empty="")
    if tried.left_out:
        rows = ((entry.title, "", reason) for entry, reason in tried.left_out)
        output.table(("not told", "", "because"), rows, empty="")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
