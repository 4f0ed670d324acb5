"""The labelled corpus: one YAML file a theme, each item refused with file, item and field if malformed."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tocsin.contracts import Action, Category, Certainty, NoticePublished, SourceRef, Tier
from tocsin.contracts.cloudevents import describe

Genre = Literal["gazette", "statement", "letter", "status", "list_entry", "report", "headline", "forum"]
Trap = Literal[
    "anniversary",
    "bug_report",
    "correction",
    "denial",
    "draft_withdrawn",
    "homonym",
    "lift_announced",
    "market_note",
    "old_news",
    "one_customer",
    "opinion",
    "partial_easing",
    "pre_launch",
    "private_lawsuit",
    "product_launch",
    "rumour",
    "satire",
    "stale_repeat",
    "suit_against",
    "talks",
]
Doubtful = Literal[
    "relevance",
    "category",
    "action",
    "certainty",
    "page",
    "subjects",
    "mentioned",
    "jurisdictions",
    "effective",
]
PAGING_ACTIONS = frozenset({Action.IMPOSED, Action.EXPANDED})
NOT_ITEMS = frozenset({"floors.yaml"})
SEEN_AFTER = timedelta(minutes=5)
PARTS = 3  # one part in three is set aside


class Malformed(ValueError):
    """An item of the corpus is not as it should be: file, item and field. Edit it: trying again is vain."""


class Written(BaseModel):
    """A person wrote this: an unknown field is a typing error and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(Written):
    """Where an item comes from. ``language`` is a BCP 47 tag."""

    tier: Tier
    genre: Genre
    published: date
    language: str = "en"


class Label(Written):
    """What an item says. ``certainty`` may be left out where nothing is reported; ``page``: it wakes one."""

    category: Category
    action: Action = Action.NONE
    certainty: Certainty | None = None
    page: bool = False
    jurisdictions: tuple[str, ...] = ()
    effective: date | None = None


class Names(Written):
    """Entities by canonical name."""

    models: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    chips: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.models or self.vendors or self.chips)


class Item(Written):
    """One labelled notice, in our own words.

    ``subjects`` are named and the act is about them; ``mentioned`` are only named; ``inferred`` are makers of
    subjects that the text does not name. A field under ``doubt`` is one on which a careful second reader
    could differ: it is not scored. Items with one ``event`` tell of the same happening.
    """

    id: str = Field(pattern=r"^[a-z]{2,3}-\d\d$")
    title: str = Field(min_length=1)
    text: str
    origin: Origin = Field(alias="from")
    says: Label
    subjects: Names = Names()
    mentioned: Names = Names()
    inferred: tuple[str, ...] = ()
    event: str = ""
    trap: Trap | None = None
    doubt: frozenset[Doubtful] = frozenset()
    golden: bool = Field(default=False, description="Its whole explanation is kept under test.")

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        label = self.says
        if self.relevant and label.certainty is None:
            raise ValueError("says.certainty: what is relevant needs one")
        if label.category is Category.NOT_REGULATORY and (label.action is not Action.NONE or self.subjects):
            raise ValueError("says.category: what is not regulatory has neither action nor subjects")
        if label.page and label.action not in PAGING_ACTIONS:
            raise ValueError("says.page: only what is imposed or expanded pages")
        if self.origin.genre == "headline" and self.text:
            raise ValueError("text: a headline has none")
        return self

    @property
    def relevant(self) -> bool:
        """Whether somebody could want to hear of it: other regulation counts where it hits an entity."""
        return is_relevant(self.says.category, about_something=bool(self.subjects))

    @property
    def happening(self) -> str:
        """The event that it tells of; an item of its own has its id."""
        return self.event or self.id

    @cached_property
    def aside(self) -> bool:
        """Whether it is kept from those who write rules: one event in three, by the digest of its id."""
        return int(hashlib.sha256(self.happening.encode()).hexdigest(), 16) % PARTS == 0

    def notice(self) -> NoticePublished:
        """The item as ingest would tell it, seen five minutes after midnight UTC of its day."""
        published = datetime.combine(self.origin.published, time(), UTC)
        kind = "statuspage" if self.origin.genre == "status" else "feed"
        return NoticePublished(
            id=self.id,
            document_id=self.id,
            revision=1,
            source=SourceRef(id="corpus", name="Corpus", tier=self.origin.tier, kind=kind),
            title=self.title,
            text=self.text,
            published_at=published,
            first_seen_at=published + SEEN_AFTER,
            content_sha256=hashlib.sha256(f"{self.title}\n{self.text}".encode()).hexdigest(),
        )


def is_relevant(category: Category, *, about_something: bool) -> bool:
    """Whether a category makes a notice relevant, given whether it is about a model, vendor or chip."""
    if category is Category.OTHER_REGULATORY:
        return about_something
    return category is not Category.NOT_REGULATORY


def load_corpus(folder: Path) -> tuple[Item, ...]:
    """Every item below ``folder``, by file and place. Raises ``Malformed``."""
    items: dict[str, Item] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name not in NOT_ITEMS:
            for item in _read(path):
                if item.id in items:
                    raise Malformed(f"{path.name}: {item.id}: id: another item has it")
                items[item.id] = item
    return tuple(items.values())


def _read(path: Path) -> Iterator[Item]:
    try:
        rows = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise Malformed(f"{path.name}: not YAML: {error}") from error
    if not isinstance(rows, list):
        raise Malformed(f"{path.name}: a list of items is expected")
    for place, row in enumerate(rows, 1):
        try:
            yield Item.model_validate(row)
        except ValidationError as error:
            name = row.get("id", f"item {place}") if isinstance(row, dict) else f"item {place}"
            raise Malformed(f"{path.name}: {name}: {describe(error)}") from error
