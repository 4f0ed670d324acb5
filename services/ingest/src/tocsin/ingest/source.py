"""A source as it is declared in sources.yaml."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from tocsin.contracts import SourceRef, Tier
from tocsin.contracts.subscriptions import Declared, Name, Slug


class Kind(StrEnum):
    """How a source is read."""

    FEED = "feed"  # RSS or Atom
    JSON_FEED = "json_feed"
    STATUSPAGE = "statuspage"  # a history feed: one document an incident
    FILE = "file"
    PUSH = "push"  # not read: it comes to us

    @property
    def is_polled(self) -> bool:
        """Whether we ask, rather than wait to be told."""
        return self is not Kind.PUSH


class Source(Declared):
    """One place that notices come from. Its id never changes: every document's id is made from it."""

    id: Slug
    name: Name
    tier: Tier
    kind: Kind
    url: Annotated[str | None, Field(description="Where it is fetched: http or https.")] = None
    path: Annotated[Path | None, Field(description="Of a file source.")] = None
    every: Annotated[float, Field(gt=0, le=86_400, description="Seconds between polls.")] = 300.0
    jurisdiction: Annotated[str | None, Field(description="Whose acts it tells: ISO 3166 or EU.")] = None
    checked: Annotated[str | None, Field(description="When and by whom the address was last tried.")] = None

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        needed = {Kind.FILE: "path", Kind.PUSH: None}.get(self.kind, "url")
        for name, value in (("url", self.url), ("path", self.path)):
            if (value is None) == (name == needed):
                verb = "needs" if name == needed else "takes no"
                raise ValueError(f"a source of kind {self.kind} {verb} '{name}'")
        if self.url is not None and not _is_web(self.url):
            raise ValueError(f"'{self.url}' is no http or https address")
        return self

    @property
    def location(self) -> str:
        """Its address or path as text; empty for one that pushes."""
        return self.url or str(self.path or "")

    def ref(self) -> SourceRef:
        """How notices name it."""
        return SourceRef(id=self.id, name=self.name, tier=self.tier, kind=self.kind)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
