"""Six languages are read by their own rules; a text in any other is named as such and never guessed at."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tocsin.classify import Knowledge, classify
from tocsin.contracts import Action, Category, Certainty, NoticePublished, Tier

HEADLINES: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("abroad.yaml").read_text("utf-8")
)
CASES = [(language, title, says) for language, said in HEADLINES.items() for title, says in said.items()]

UNREAD = [
    ("it", "Il Garante ha bloccato DeepSeek in Italia: stop al trattamento dei dati"),
    ("ru", "США запретили экспорт чипов Nvidia H20 в Китай, export ban"),
    ("pt", "O governo não exporta mais: ban de chips Nvidia H20 para a China"),
]

BODIES = [
    (
        "de",
        "Neues aus Washington",
        "Das US-Handelsministerium hat die Lieferung von H20-Chips an China untersagt. Es gilt ab 1. Juli.",
        (Category.EXPORT_CONTROL, Action.IMPOSED, ("US",)),
    ),
    (
        "fr",
        "Intelligence artificielle : décision de la CNIL",
        "La CNIL a infligé jeudi une amende de 40 millions d'euros à OpenAI pour des manquements au RGPD.",
        (Category.ENFORCEMENT, Action.ENFORCED, ("FR",)),
    ),
    (
        "ja",
        "半導体をめぐる動き",
        "経済産業省は13日、半導体製造装置の輸出管理を強化すると発表した。",
        (Category.EXPORT_CONTROL, Action.IMPOSED, ("JP",)),
    ),
    (
        "ko",
        "인공지능 소식",
        "개인정보보호위원회는 13일 딥시크의 국내 서비스 이용을 제한했다고 밝혔다.",
        (Category.MODEL_RESTRICTION, Action.IMPOSED, ("KR",)),
    ),
    (
        "zh",
        "商务部发言人谈话",
        "商务部今日发布公告\uff0c对镓、锗相关物项实施出口管制\uff0c自7月1日起施行。",
        (Category.EXPORT_CONTROL, Action.IMPOSED, ("CN",)),
    ),
    (
        "es",
        "Nota de prensa",
        "El Departamento de Comercio prohibió la venta de chips H20 a China, según el texto publicado hoy.",
        (Category.EXPORT_CONTROL, Action.IMPOSED, ("US",)),
    ),
]


@pytest.mark.parametrize(("language", "title", "says"), CASES, ids=[title for _, title, _ in CASES])
def test_what_a_headline_says(
    language: str, title: str, says: str, knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    said = classify(write(Tier.PRESS, title), knowledge)
    assert (said.language, f"{said.category}/{said.action}") == (language, says)


@pytest.mark.parametrize(("language", "title", "text", "says"), BODIES, ids=[row[0] for row in BODIES])
def test_what_a_text_says(
    language: str,
    title: str,
    text: str,
    says: tuple[Category, Action, tuple[str, ...]],
    *,
    knowledge: Knowledge,
    write: Callable[..., NoticePublished],
) -> None:
    said = classify(write(Tier.PRESS, title, text), knowledge)
    assert (said.language, (said.category, said.action, said.jurisdictions)) == (language, says)


@pytest.mark.parametrize(("language", "title"), UNREAD, ids=[row[0] for row in UNREAD])
def test_accidental_english_claims_nothing(
    language: str, title: str, knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    said = classify(write(Tier.PRESS, title), knowledge)
    assert (said.language, said.category) == (language, Category.NOT_REGULATORY)


@pytest.mark.parametrize(
    ("tier", "certainty"),
    [(Tier.PRESS, Certainty.REPORTED), (Tier.PARTY, Certainty.REPORTED), (Tier.OFFICIAL, Certainty.OFFICIAL)],
)
def test_an_english_title_over_a_text_nobody_reads_is_read_and_less_certain(
    tier: Tier, certainty: Certainty, knowledge: Knowledge, write: Callable[..., NoticePublished]
) -> None:
    title = "Italy blocks access to the DeepSeek app for all users"
    text = "Il Garante ha deciso che il servizio non è più disponibile per gli utenti e che i dati restano."
    said = classify(write(tier, title, text), knowledge)
    assert (said.language, said.category, said.action) == ("it", Category.MODEL_RESTRICTION, Action.IMPOSED)
    assert said.certainty is certainty
