"""How an act stands in its clause, one table; the act is in brackets."""

import pytest

from tocsin.classify import load_rules
from tocsin.classify.rules.load import bracketed
from tocsin.classify.rules.rule import Standing
from tocsin.classify.stage import phrases_of, standing_of

CUES = list(phrases_of(load_rules().cues))
YEAR = 2026


@pytest.mark.parametrize(
    ("sentence", "standing"),
    [
        ("PLACE [bans MODEL]", Standing.DONE),
        ("the regulator said it had [banned MODEL]", Standing.DONE),
        ("AUTHORITY ordered VENDOR to [suspend access to MODEL]", Standing.DONE),
        ("PLACE asks tech firms to [halt orders of CHIP]", Standing.DONE),
        ("VENDOR may no longer sell CHIP [without a permit]", Standing.DONE),
        ("PLACE to [lift curbs on CHIP]", Standing.SCHEDULED),
        ("AUTHORITY will [lift the ban on MODEL]", Standing.SCHEDULED),
        ("[curbs on MODEL will be lifted]", Standing.SCHEDULED),
        ("PLACE could [ban MODEL]", Standing.POSSIBLE),
        ("AUTHORITY could order VENDOR to [suspend access to MODEL]", Standing.POSSIBLE),
        ("the cabinet plans to [ban MODEL]", Standing.POSSIBLE),
        ("[proposed ban on MODEL]", Standing.POSSIBLE),
        ("there are no plans to [ban MODEL]", Standing.DENIED),
        ("AUTHORITY denied that it [banned MODEL]", Standing.DENIED),
        ("the ministry has not [restricted MODEL]", Standing.DENIED),
        ("it is untrue that AUTHORITY [banned MODEL]", Standing.DENIED),
        ("AUTHORITY stops short of [banning MODEL]", Standing.DENIED),
        ("[MODEL has not been banned]", Standing.DENIED),
        ("talks to [lift the ban on MODEL] go on", Standing.GOAL),
        ("suit against the [ban on MODEL]", Standing.GOAL),
        ("bid to [overturn the ban on MODEL]", Standing.GOAL),
        ("VENDOR lobbies PLACE to [ease curbs on CHIP]", Standing.GOAL),
        ("senators urge AUTHORITY to [ban MODEL]", Standing.GOAL),
        ("MODEL, which had been [banned in march], is back", Standing.BACKGROUND),
        ("last year PLACE [banned MODEL]", Standing.BACKGROUND),
        ("the [ban on MODEL] was imposed in may, eased in june and goes on", Standing.BACKGROUND),
        ("PLACE [banned MODEL in 2023]", Standing.BACKGROUND),
        ("sales rose despite [export controls on CHIP]", Standing.BACKGROUND),
        ("VENDOR halts production after PLACE [restricts exports of CHIP]", Standing.GROUND),
        ("will PLACE [ban MODEL]?", Standing.QUESTION),
    ],
)
def test_how_an_act_stands(sentence: str, standing: Standing) -> None:
    text, start, end = bracketed(sentence)
    assert standing_of(text, start, end, CUES, YEAR)[0] is standing


def test_without_a_year_no_act_is_too_old() -> None:
    text, start, end = bracketed("PLACE [banned MODEL in 2023]")
    assert standing_of(text, start, end, CUES) == (Standing.DONE, "")
