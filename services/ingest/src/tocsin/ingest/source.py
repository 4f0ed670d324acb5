"""A source as it is declared in sources.yaml."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

import cssselect
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from tocsin.contracts import SourceRef, Tier
from tocsin.contracts.declared import Address, Declared, Name, Slug, Variable


class Kind(StrEnum):
    """How a source is read."""

    FEED = "feed"  # RSS or Atom
    JSON_FEED = "json_feed"
    STATUSPAGE = "statuspage"  # a history feed: one document an incident
    STATUSPAGE_JSON = "statuspage_json"  # the same by the page's API
    FEDERAL_REGISTER = "federal_register"  # a search for documents
    PUBLIC_INSPECTION = "public_inspection"  # what the Federal Register will print
    SNAPSHOT_LIST = "snapshot_list"  # a list published whole: what changed in it
    SITEMAP = "sitemap"  # the pages of a site that are new or changed
    PAGE = "page"  # a page without a feed
    HACKER_NEWS = "hacker_news"  # a search at hn.algolia.com
    MAILBOX = "mailbox"  # IMAP
    FILE = "file"
    PUSH = "push"  # not read: it comes to us

    @property
    def is_polled(self) -> bool:
        """Whether we ask, rather than wait to be told."""
        return self is not Kind.PUSH


def _selector(text: str) -> str:
    try:
        cssselect.parse(text)
    except cssselect.SelectorError as error:
        raise ValueError(f"{text!r} is no CSS selector: {error}") from error
    return text


Selector = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_selector)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]


class Rows(Declared):
    """Where a published list keeps its rows, and which of their fields tell them apart."""

    at: Annotated[FieldName, Field(description="Name of the list in the document.")]
    key: Annotated[FieldName, Field(description="Field that is the row's id.")]
    label: Annotated[FieldName, Field(description="Field that a person calls it by.")]


class Mailbox(Declared):
    """A mailbox that is read over TLS and never changed. Its password is in the environment."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,253}$")]
    port: Annotated[int, Field(ge=1, le=65_535)] = 993
    user: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
    password_env: Annotated[Variable, Field(description="Environment variable that holds the password.")]
    folder: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,200}$")] = "INBOX"
    senders: Annotated[
        tuple[Address, ...], Field(min_length=1, description="Whose messages are notices; all else is left.")
    ]


_OPTIONS = {  # the kinds that each belongs to
    "url": set(Kind) - {Kind.FILE, Kind.PUSH, Kind.MAILBOX},
    "path": {Kind.FILE},
    "mailbox": {Kind.MAILBOX},
    "rows": {Kind.SNAPSHOT_LIST},
    "select": {Kind.PAGE, Kind.SITEMAP},
    "items": {Kind.PAGE},
    "under": {Kind.SITEMAP},
}
_NEEDED = {"url", "path", "mailbox", "rows", "under"}


class Source(Declared):
    """One place that notices come from. Its id never changes: every document's id is made from it."""

    id: Slug
    name: Name
    tier: Tier
    kind: Kind
    url: Annotated[str | None, Field(description="Where it is fetched: http or https.")] = None
    path: Annotated[Path | None, Field(description="Of a file source.")] = None
    mailbox: Annotated[Mailbox | None, Field(description="Of a mailbox source.")] = None
    rows: Annotated[Rows | None, Field(description="Of a snapshot list.")] = None
    select: Annotated[
        Selector | None, Field(description="Which part of a page is read; else its main text.")
    ] = None
    items: Annotated[
        Selector | None, Field(description="Of a page that is a list: its items, a document each.")
    ] = None
    under: Annotated[str | None, Field(pattern=r"^/", description="Of a sitemap: path of the pages.")] = None
    documents: Annotated[
        Slug | None, Field(description="Another source, or a common name, whose documents these are too.")
    ] = None
    every: Annotated[float, Field(gt=0, le=86_400, description="Seconds between polls.")] = 300.0
    spacing: Annotated[
        float, Field(ge=0, le=60, description="Seconds between two requests to its host, whoever makes them.")
    ] = 1.0
    jurisdiction: Annotated[str | None, Field(description="Whose acts it tells: ISO 3166 or EU.")] = None
    checked: Annotated[str | None, Field(description="When and by whom the address was last tried.")] = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        for name, kinds in _OPTIONS.items():
            given = getattr(self, name) is not None
            if given and self.kind not in kinds:
                raise ValueError(f"a source of kind {self.kind} takes no '{name}'")
            if not given and self.kind in kinds and name in _NEEDED:
                raise ValueError(f"a source of kind {self.kind} needs '{name}'")
        if self.url is not None and not _is_web(self.url):
            raise ValueError(f"'{self.url}' is no http or https address")
        return self

    @property
    def location(self) -> str:
        """Its address or path as text; empty for one that pushes."""
        if self.mailbox is not None:
            return (
                f"imaps://{self.mailbox.user}@{self.mailbox.host}:{self.mailbox.port}/{self.mailbox.folder}"
            )
        return self.url or str(self.path or "")

    @property
    def namespace(self) -> str:
        """What its documents' ids are made from: sources with the same one tell of the same documents."""
        return self.documents or self.id

    def ref(self) -> SourceRef:
        """How notices name it."""
        return SourceRef(id=self.id, name=self.name, tier=self.tier, kind=self.kind)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
