"""Copies: a notice that repeats another's words joins its case, is called a copy, and tells nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.contracts import NoticeClassified
from tocsin.contracts.signature import written
from tocsin.notify.cases.copies import REMEMBERED
from tocsin.notify.cases.filing import Development, file
from tocsin.notify.wording import watch_next

Tell = Callable[..., NoticeClassified]
NewTown = Callable[[], Any]

AGENCY = written([], [1, 2, 3, 4, 5, 6, 7, 8])
EDITED = written([], [1, 2, 3, 4, 5, 91, 92, 93])
CUT = written([], [1, 2, 3, 4])
ITS_OWN = written([], [51, 52, 53, 54, 55, 56])


@pytest.mark.parametrize(
    ("second", "copies"),
    [
        ({"signature": AGENCY}, 1),
        ({"signature": EDITED}, 1),
        ({"signature": CUT, "tier": "community"}, 1),
        ({"signature": ITS_OWN}, 0),
        ({"signature": ""}, 0),
        ({"signature": AGENCY, "tier": "official"}, 0),  # an authority speaks for itself
        ({"signature": AGENCY, "document": "one"}, 0),  # a document revised
    ],
)
def test_what_repeats_another_is_a_copy(
    tell: Tell, new_town: NewTown, second: dict[str, str], copies: int
) -> None:
    town = new_town()
    first = town.hear(tell(document="one", signature=AGENCY))
    fact = tell(**{"document": "two", "hours": 1.0} | second)
    (filing,) = file(fact, [first.case])
    assert (filing.case.notices, filing.case.copies) == (2, copies)
    assert ("it is a copy of what A press source told" in filing.because) == bool(copies)
    assert filing.because.startswith(("it is about Claude Fable 5 too", "it revises a document"))


def test_copies_fold_under_the_original_and_not_under_one_another(tell: Tell, new_town: NewTown) -> None:
    town = new_town()
    for number, signature in enumerate((AGENCY, EDITED, written([], [91, 92, 93]))):
        told = town.hear(tell(document=f"d{number}", hours=number, signature=signature))
    assert told.case.copies == 1, "words that an edited copy added are no words of the original"
    assert [one.signature for one in told.case.originals] == [AGENCY, written([], [91, 92, 93])]


def test_a_case_remembers_so_many_wordings(tell: Tell, new_town: NewTown) -> None:
    town = new_town()
    for number in range(REMEMBERED + 5):
        told = town.hear(
            tell(
                document=f"d{number}", hours=number, signature=written([], range(number * 9, number * 9 + 9))
            )
        )
    assert len(told.case.originals) == REMEMBERED
    assert told.case.notices == REMEMBERED + 5
    assert told.case.copies == 0


def test_an_alert_says_how_many_of_the_notices_are_copied(tell: Tell, new_town: NewTown) -> None:
    town = new_town()
    for number in range(3):
        town.hear(tell(document=f"d{number}", hours=number, signature=AGENCY))
    fact = tell(document="order", tier="official", hours=4)
    told = town.hear(fact)
    news = Development(fact=fact, case=told.case, step=told.step)
    assert "4 notices on this case so far, 2 of them copied" in watch_next(news)


FACTS = st.fixed_dictionaries(
    {
        "document": st.sampled_from("abcdef"),
        "about": st.sampled_from([(), ("fable",), ("fable", "mythos"), ("h20",)]),
        "tier": st.sampled_from(["official", "party", "press", "community"]),
        "hours": st.integers(0, 400),
        "action": st.sampled_from(["imposed", "expanded", "eased", "lifted", "denied"]),
        "certainty": st.sampled_from(["official", "reported", "rumoured"]),
        "signature": st.sampled_from(["", AGENCY, EDITED, CUT, ITS_OWN]),
    }
)


@settings(max_examples=200, deadline=None)
@given(said=st.lists(FACTS, max_size=12))
def test_copies_change_no_step(tell: Tell, new_town: NewTown, said: list[dict[str, Any]]) -> None:
    knowing, blind = new_town(), new_town()
    for one in said:
        fact = tell(**one)
        unsigned = fact.classification.model_copy(update={"signature": ""})
        knowing.hear(fact)
        blind.hear(fact.model_copy(update={"classification": unsigned}))
    assert knowing.steps == blind.steps
    plain = {"copies": 0, "originals": ()}
    assert {k: case.model_copy(update=plain) for k, case in knowing.cases.items()} == blind.cases
    assert all(case.copies < case.notices for case in knowing.cases.values())
