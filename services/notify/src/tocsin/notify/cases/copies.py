"""Copies: notices of a case that repeat what another told, under whatever headline, and confirm nothing."""

from collections.abc import Sequence

from tocsin.contracts import NoticeClassified, Tier
from tocsin.contracts.message import Part
from tocsin.contracts.signature import alike

COPY = 0.5  # of the shorter wording stands in the other; measured in docs/adr/0012
REMEMBERED = 16  # wordings to a case, the latest


class Original(Part):
    """A wording in which a case was told first: by whom, in which document, and its signature."""

    source: str
    document: str
    signature: str


def original_of(originals: Sequence[Original], fact: NoticeClassified) -> Original | None:
    """Which of them a notice copies; the earliest of several.

    A document revised is no copy of itself. Nor does an authority copy: its acts are worded alike for years.
    """
    notice, said = fact.notice, fact.classification
    if notice.source.tier is Tier.OFFICIAL:
        return None
    others = (one for one in originals if one.document != notice.document_id)
    return next((one for one in others if alike(one.signature, said.signature) >= COPY), None)


def with_original(originals: tuple[Original, ...], fact: NoticeClassified) -> tuple[Original, ...]:
    """They and the wording of this notice, in place of an earlier one of its document."""
    notice, signature = fact.notice, fact.classification.signature
    others = tuple(one for one in originals if one.document != notice.document_id)
    if not signature:
        return others
    own = Original(source=notice.source.name, document=notice.document_id, signature=signature)
    return (*others, own)[-REMEMBERED:]
