"""Who acts is told apart from who is hit: by office, by place, by law, by the official source itself."""

from collections.abc import Callable

import pytest

from tocsin.classify import Knowledge, classify
from tocsin.contracts import NoticePublished, SourceRef, Tier

CASES = [
    ("Washington bars exports of the H20 to China", ("US",), ("CN",)),
    ("China bans exports of gallium to the United States", ("CN",), ("US",)),
    ("Beijing blocks sales of Nvidia H20 chips", ("CN",), ()),
    ("Dutch government bans exports of chip tools to China", ("NL",), ("CN",)),
    ("South Korean regulator blocks DeepSeek app", ("KR",), ()),
    ("Authorities in Indonesia and Malaysia block access to Grok", ("ID", "MY"), ()),
    ("Texas bans DeepSeek on state devices", ("US-TX",), ()),
    ("Italy's privacy watchdog blocks DeepSeek", ("IT",), ()),
    ("Italia bloquea DeepSeek", ("IT",), ()),
    ("La Chine restreint l'exportation de gallium vers les États-Unis", ("CN",), ("US",)),
    ("USA verbieten Verkauf von H20 an China", ("US",), ("CN",)),
    ("美國禁止H20晶片出口中國", ("US",), ("CN",)),
    ("米政府、H20の中国への輸出を禁止", ("US",), ("CN",)),
    ("미국, 중국에 대한 H20 수출 금지", ("US",), ("CN",)),
    ("Anthropic suspends access to Claude for users in China", (), ("CN",)),
    ("Chinese firms added to US trade blacklist", ("US",), ()),
    ("Florida Senate panel backs AI bill", ("US-FL",), ()),
    ("AMD cleared to ship MI308 to China", ("US",), ("CN",)),
]


@pytest.mark.parametrize(("title", "actors", "targets"), CASES, ids=[row[0] for row in CASES])
def test_who_acts_and_who_is_hit(
    title: str,
    actors: tuple[str, ...],
    targets: tuple[str, ...],
    knowledge: Knowledge,
    write: Callable[..., NoticePublished],
) -> None:
    said = classify(write(Tier.PRESS, title), knowledge)
    assert (said.jurisdictions, said.targets) == (actors, targets)


def test_the_official_source_tells_who_acts(
    knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    source = SourceRef(id="fr", name="Federal Register", tier=Tier.OFFICIAL, kind="feed")
    notice = write(Tier.OFFICIAL, "Preventing Misuse of Artificial Intelligence in the Government")
    said = classify(notice.model_copy(update={"source": source}), knowledge)
    assert said.jurisdictions == (("US",) if said.category != "not_regulatory" else ())
