"""A notice as a client or a line of a file states it: strict, for its author can mend it."""

from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from tocsin.contracts.declared import Declared, Slug
from tocsin.contracts.notice import MAX_TEXT, MAX_TITLE
from tocsin.ingest import plain
from tocsin.ingest.entry import Entry

Url = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s<>\"\x00-\x20\x7f-\x9f]+$", max_length=plain.MAX_URL)
]


class Stated(Declared):
    """One document. Sent again with another text, it is a new revision of the same document."""

    id: Annotated[
        str | None,
        Field(min_length=1, max_length=500, description="What you call it; else its url, else its title."),
    ] = None
    title: Annotated[str, Field(max_length=MAX_TITLE, description="Plain text.")] = ""
    text: Annotated[str, Field(max_length=MAX_TEXT, description="Plain text.")] = ""
    url: Annotated[Url | None, Field(description="Where a person can read it.")] = None
    links: Annotated[tuple[Url, ...], Field(max_length=plain.MAX_LINKS)] = ()
    language: Annotated[
        str | None, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$", description="BCP 47 tag.")
    ] = None
    published_at: Annotated[AwareDatetime | None, Field(description="RFC 3339, with its zone.")] = None
    updated_at: Annotated[AwareDatetime | None, Field(description="RFC 3339, with its zone.")] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(plain.plain(words, is_html=False) for words in (self.title, self.text)):
            raise ValueError("a notice needs a title or a text")
        return self

    def entry(self) -> Entry:
        """The entry that it states."""
        title, text = plain.plain(self.title, is_html=False), plain.plain(self.text, is_html=False)
        return plain.within_limits(
            Entry(
                native_id=plain.identity(self.id, self.url, title, text),
                title=title,
                text=text,
                url=self.url,
                links=self.links,
                language=self.language,
                published_at=self.published_at,
                updated_at=self.updated_at,
            )
        )


class PushedNotice(Stated):
    """One document of a push source; its tier is what sources.yaml says, whatever the client thinks."""

    source: Slug
