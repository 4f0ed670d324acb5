"""A text's language is told by its script and common words, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.classify.folding import fold
from tocsin.classify.language import is_read, language_of, languages_of

TEXTS = [
    ("en", "Commerce lifts the curbs on advanced chips"),
    ("en", "Access for all users was restored"),
    ("es", "El ministerio prohíbe la exportación de galio"),
    ("es", "Multa a la empresa por el uso de datos"),
    ("de", "Behörde untersagt die Nutzung des Chatbots"),
    ("de", "USA lockern Exportkontrollen für Chips"),
    ("fr", "Le régulateur bloque l'accès au service"),
    ("fr", "Adoption de la loi sur les puces"),
    ("zh", "商务部对镓实施出口管制"),
    ("zh", "商務部放寬晶片出口限制"),
    ("ja", "経産省、半導体の輸出管理を強化"),
    ("ko", "정부, 반도체 수출 통제 완화"),
    ("it", "Il governo vieta il servizio nelle scuole"),
    ("pt", "O governo não proíbe a exportação"),
    ("nl", "Het kabinet beperkt de uitvoer van machines"),
    ("pl", "Rząd zakazuje usługi na urządzeniach, które są służbowe"),
    ("tr", "Hükümet bu hizmeti ve siteyi yasak ilan etti, bir daha"),
    ("sv", "Regeringen förbjuder tjänsten på myndigheter och skolor"),
    ("ru", "Правительство запретило вывоз чипов и оборудования"),
    ("uk", "Уряд заборонив вивезення чіпів та обладнання"),
    ("ar", "حظرت الحكومة استخدام التطبيق في المدارس"),
    ("el", "Νέα: η κυβέρνηση απαγόρευσε την υπηρεσία"),
    ("he", "הממשלה אסרה על השימוש"),
    ("th", "รัฐบาลสั่งห้ามใช้บริการ"),
    ("und-Deva", "सरकार ने सेवा बंद कर दी"),
    ("und", "Claude Fable 5"),
    ("und", "H20 H200 B30A"),
    ("und", "CVE-2026-12345"),
    ("und", ""),
    ("en", "The ministry (商务部) said that the order is in force"),
    ("zh", "商务部限制 Fable 模型的 API 服务"),
]


@pytest.mark.parametrize(("language", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_the_language_of_a_text(language: str, text: str) -> None:
    assert language_of(fold(text).text) == language


@pytest.mark.parametrize(
    ("text", "document", "read_as"),
    [
        ("the ban was lifted by the court", "de", {"en"}),
        ("die behörde hat den zugang gesperrt", "en", {"de"}),
        ("fable 5", "de", {"de", "en"}),
        ("fable 5", "und", {"und", "en"}),
        ("il governo ha vietato il servizio", "it", {"it"}),
    ],
)
def test_whose_rules_read_a_sentence(text: str, document: str, read_as: set[str]) -> None:
    assert languages_of(text, document) == read_as


def test_languages_without_rules_are_known_as_such() -> None:
    assert all(is_read(language) for language in ("en", "es", "de", "fr", "zh", "ja", "ko", "und"))
    assert not any(is_read(language) for language in ("ru", "it", "und-Deva"))


@given(st.text(max_size=200))
def test_every_text_has_one_language(text: str) -> None:
    said = language_of(fold(text).text)
    assert said == language_of(fold(text).text)
    assert said.split("-")[0].isalpha()
