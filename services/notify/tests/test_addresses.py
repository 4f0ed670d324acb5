"""Addresses: one document has one, whoever links to it; and a link joins what shares no name."""

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.contracts import CaseState, NoticeClassified
from tocsin.notify.cases.addresses import REMEMBERED, canonical, linked, remember
from tocsin.notify.cases.joining import joins

Tell = Callable[..., NoticeClassified]
NewTown = Callable[[], Any]

ORDER = "https://www.authority.example/orders/17/"
POST = "https://vendor.example/post/1"
SPELLINGS = [
    ORDER,
    "http://authority.example/orders/17",
    "https://AUTHORITY.example:443/orders/17#page=2",
    "https://authority.example/orders/17?utm_source=feed&utm_medium=rss",
    " https://authority.example/orders/17?fbclid=1 ",
]
NONE = [
    "https://authority.example/",
    "https://authority.example",
    "mailto:a@authority.example",
    "javascript:alert(1)",
    "https://[::1/orders",
    "https://authority.example:99999/orders/17",
    "https:///orders/17",
    "https://authority.example/" + "a" * 600,
    "https://authority.example/a\x1b[31m",
    "https://authority.example/?" + "&".join("a=1" for _ in range(200)),
    "",
]


@pytest.mark.parametrize("address", SPELLINGS)
def test_one_document_has_one_address_however_it_is_written(address: str) -> None:
    assert canonical(address) == "authority.example/orders/17"


@pytest.mark.parametrize("address", NONE)
def test_what_names_no_document_has_none(address: str) -> None:
    assert canonical(address) is None


def test_what_is_asked_for_tells_documents_apart() -> None:
    assert canonical("https://a.example/show?id=1") != canonical("https://a.example/show?id=2")


@given(text=st.text())
def test_whatever_is_written_there_nothing_breaks(text: str) -> None:
    for address in (text, f"https://{text}", f"https://a.example/{text}"):
        found = canonical(address)
        assert found is None or found.isprintable()


@given(addresses=st.lists(st.integers(0, 999).map(str), max_size=2 * REMEMBERED))
def test_the_same_addresses_are_kept_in_whatever_order_they_came(addresses: Sequence[str]) -> None:
    one: tuple[str, ...] = ()
    for address in addresses:
        one = remember(one, [address])
    assert one == remember((), reversed(addresses))
    assert len(one) <= REMEMBERED


def at(fact: NoticeClassified, url: str | None, *links: str) -> NoticeClassified:
    return fact.model_copy(update={"notice": fact.notice.model_copy(update={"url": url, "links": links})})


def test_what_links_to_a_notice_of_a_case_is_about_it(tell: Tell, new_town: NewTown) -> None:
    town = new_town()
    case = town.hear(at(tell("order", (), tier="official"), ORDER)).case
    news = at(tell("news", hours=1), "https://news.example/2", SPELLINGS[3])
    because = "it links to authority.example/orders/17, which tells of the case"
    assert joins(case, news) == because
    assert joins(case, at(news, "https://news.example/2")) is None
    assert joins(case, at(tell("news", hours=1, category="guidance"), None, ORDER)) is None
    linking = new_town().hear(news).case
    assert joins(linking, at(tell("order", (), tier="official"), ORDER)) == "a notice of the case links to it"
    assert linked(at(news, ORDER, ORDER)) == frozenset()


def test_a_link_makes_no_one_measure_of_two_products_restrictions(tell: Tell, new_town: NewTown) -> None:
    case = new_town().hear(at(tell("order", ("h20",), tier="official"), ORDER)).case
    assert joins(case, at(tell("news", ("gpt",)), None, ORDER)) is None


LINKED = {
    "an order that names nothing, and who writes about it": [
        (("order", (), "official", 0, {}), ORDER, ()),
        (("statement", ("fable",), "party", 1, {}), None, (ORDER,)),
        (("news", ("fable",), "press", 2, {}), None, (SPELLINGS[1],)),
        (("over", ("fable",), "party", 30, {"action": "lifted", "severity": "high"}), None, (ORDER,)),
    ],
    "the same, where the order links to the statement": [
        (("order", (), "official", 0, {}), ORDER, (POST,)),
        (("statement", ("fable",), "party", 1, {}), POST, ()),
        (("over", (), "official", 30, {"action": "lifted", "severity": "high"}), None, (ORDER, POST)),
    ],
}


@pytest.mark.parametrize("story", LINKED.values(), ids=LINKED.keys())
def test_links_join_in_every_order(tell: Tell, new_town: NewTown, story: Sequence[Any]) -> None:
    facts = [
        at(tell(name, about, tier=tier, hours=hours, **said), url, *links)
        for (name, about, tier, hours, said), url, links in story
    ]
    behind = []
    for order in permutations(facts):
        town = new_town()
        for fact in order:
            town.hear(fact)
        (case,) = town.cases.values()
        assert set(case.states.values()) == {CaseState.LIFTED}
        behind.append((case.states, set(case.documents), case.addresses, case.links, case.notices))
    assert all(one == behind[0] for one in behind)
