"""Which languages a text may be read in, by its most common words: rules of another language stay silent."""

import re
from enum import StrEnum

_SPANISH = re.compile(
    r"\b(?:el|los|las|del|que|por|para|una|con|su|sus|tras|según|contra|como|acceso|de la|a la)\b"
)
_HAN = re.compile(r"[\u3400-\u9fff]")
ENOUGH = 2


class Language(StrEnum):
    """Languages for which there are rules."""

    ENGLISH = "en"
    SPANISH = "es"
    CHINESE = "zh"


def languages_of(text: str) -> frozenset[Language]:
    """English always (names and quotations are), Spanish and Chinese when their words occur."""
    found = {Language.ENGLISH}
    if len(set(_SPANISH.findall(text))) >= ENOUGH:
        found.add(Language.SPANISH)
    if _HAN.search(text):
        found.add(Language.CHINESE)
    return frozenset(found)
