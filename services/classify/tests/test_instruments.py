"""Legal texts are found by their numbers, written in their usual form, and always quoted as they stand."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.classify.instruments import MOST, instruments_of
from tocsin.contracts import NoticePublished, Tier

FOUND = [
    ("Licence duty under 15 CFR 744.23 applies", ("cfr", "15 CFR 744.23")),
    ("15 C.F.R. § 744.23(a)(2)(i) is amended", ("cfr", "15 CFR 744.23(a)(2)(i)")),
    ("amends 15 CFR part 744", ("cfr", "15 CFR part 744")),
    ("15 CFR Parts 742 and 774", ("cfr", "15 CFR part 742")),
    ("Part 744 of Title 15 is revised", ("cfr", "15 CFR part 744")),
    ("Title 31 of the Code of Federal Regulations, part 560", ("cfr", "31 CFR part 560")),
    ("see § 744.11 of the EAR", ("cfr", "15 CFR 744.11")),
    ("FR Doc. 2026-12345 Filed 6-1-26", ("fr_document", "2026-12345")),
    ("published at 91 FR 12345", ("fr_page", "91 FR 12345")),
    ("see 90 Fed. Reg. 4544", ("fr_page", "90 FR 4544")),
    ("[Docket No. 260601-0123]", ("docket", "260601-0123")),
    ("Docket ID: BIS-2026-0012", ("docket", "BIS-2026-0012")),
    ("RIN 0694-AJ12", ("rin", "0694-AJ12")),
    ("RIN: 0694-AJ12", ("rin", "0694-AJ12")),
    ("CELEX 32024R1689", ("celex", "32024R1689")),
    ("Regulation (EU) 2024/1689 applies", ("celex", "32024R1689")),
    ("Verordnung (EU) 2021/821 gilt", ("celex", "32021R0821")),
    ("le règlement (UE) 2016/679", ("celex", "32016R0679")),
    ("Council Regulation (EC) No 428/2009", ("celex", "32009R0428")),
    ("Regulation (EU) No 833/2014", ("celex", "32014R0833")),
    ("Regulation (EU) 833/2014 as amended", ("celex", "32014R0833")),
    ("Directive 95/46/EC is repealed", ("celex", "31995L0046")),
    ("Directive (EU) 2022/2555", ("celex", "32022L2555")),
    ("Council Decision 2014/512/CFSP", ("celex", "32014D0512")),
    ("The House passed H.R. 1234 today", ("bill", "H.R. 1234")),
    ("H. R. 1234 was referred", ("bill", "H.R. 1234")),
    ("HR 1234 was referred", ("bill", "H.R. 1234")),
    ("Senators introduced S. 567", ("bill", "S. 567")),
    ("S.J.Res. 12 was adopted", ("bill", "S.J.Res. 12")),
    ("under Public Law 117-167", ("public_law", "117-167")),
    ("Pub. L. No. 115-232", ("public_law", "115-232")),
    ("revokes Executive Order 14110", ("executive_order", "14110")),
    ("revokes E.O. 14110", ("executive_order", "14110")),
    ("adds CVE-2026-12345 to the catalog", ("cve", "CVE-2026-12345")),
    ("as in SI 2026/123", ("uk_si", "SI 2026/123")),
    ("S.I. 2019/855", ("uk_si", "SI 2019/855")),
    ("BOD 22-01 requires", ("cisa_directive", "BOD 22-01")),
    ("Emergency Directive 26-02", ("cisa_directive", "ED 26-02")),
]
SILENT = [
    "Entity List additions",
    "the U.S. 100 list",
    "sections 1.2 of the contract",
    "HR 12 staff",
    "R1 and 910B",
    "version 744.11",
    "Model S. Then 5",
    "a budget of 15 FR",
    "2024/1689",
]


@pytest.mark.parametrize(("text", "expected"), FOUND, ids=[text for text, _ in FOUND])
def test_an_instrument_is_found_and_quoted(
    text: str, expected: tuple[str, str], write: Callable[..., NoticePublished]
) -> None:
    said = instruments_of(write(Tier.OFFICIAL, "Notice", text))
    assert [(one.kind, one.number) for one in said] == [expected]
    assert text[said[0].span.start : said[0].span.end] == said[0].span.quote


@pytest.mark.parametrize("text", SILENT)
def test_what_is_no_instrument_is_none(text: str, write: Callable[..., NoticePublished]) -> None:
    assert instruments_of(write(Tier.PRESS, "Notice", text)) == ()


def test_each_is_named_once_title_first(write: Callable[..., NoticePublished]) -> None:
    said = instruments_of(
        write(Tier.OFFICIAL, "Executive Order 14110", "EO 14110 and 15 CFR 744.23, § 744.11")
    )
    assert [one.number for one in said] == ["14110", "15 CFR 744.23", "15 CFR 744.11"]
    assert said[0].span.field == "title"


def test_a_bare_section_takes_the_title_named_before(write: Callable[..., NoticePublished]) -> None:
    said = instruments_of(write(Tier.OFFICIAL, "Notice", "22 CFR part 126 applies; see § 126.1"))
    assert [one.number for one in said] == ["22 CFR part 126", "22 CFR 126.1"]


def test_a_table_of_contents_is_cut(write: Callable[..., NoticePublished]) -> None:
    many = " ".join(f"CVE-2026-{number}" for number in range(10_000, 10_200))
    assert len(instruments_of(write(Tier.OFFICIAL, "KEV", many))) == MOST


PIECES = [
    "15 CFR ",
    "§ 744.11",
    "Docket No. ",
    "Regulation (EU) ",
    "2024/1689",
    "H.R. ",
    "CVE-",
    "2026-1234",
    "91 FR ",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=14).map("".join))
def test_every_span_quotes_the_text(text: str) -> None:
    notice = NoticePublished.model_validate(NOTICE | {"title": "", "text": text})
    for one in instruments_of(notice):
        assert text[one.span.start : one.span.end] == one.span.quote != ""


NOTICE = {
    "id": "n-1",
    "document_id": "doc-1",
    "revision": 1,
    "source": {"id": "source", "name": "Source", "tier": "official", "kind": "feed"},
    "first_seen_at": "2026-06-13T00:51:00Z",
    "content_sha256": "0" * 64,
}
