"""Reads the rule files, proves each rule by its own examples, and refuses a file that fails them."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

import yaml

from tocsin.classify.folding import fold
from tocsin.classify.language import Language
from tocsin.classify.matching import Place
from tocsin.classify.phrases import MASKS, Lexicons, Phrase, compile_phrase
from tocsin.classify.rules.inflect import inflect
from tocsin.classify.rules.rule import Cue, Genre, Rule, Rules, Standing, Unproven, Veto
from tocsin.classify.sense import Senses
from tocsin.classify.stage import standing_of
from tocsin.contracts import Action, Category

FILES = (
    "export",
    "listing",
    "model",
    "security",
    "enforcement",
    "legislation",
    "guidance",
    "other",
    "foreign",
    "net",
)
SUPPORT = ("lexicon", "stage", "veto", "marks", "sense", "places", "laws")
Row = dict[str, Any]  # one mapping of a YAML file, checked by use


def load_rules() -> Rules:
    """Everything in the shipped rule files, compiled. Raises ``Unproven`` or ``Unclear`` for a flawed one."""
    texts = {name: _text(name) for name in (*FILES, *SUPPORT)}
    data = {name: yaml.safe_load(text) for name, text in texts.items()}
    lexicons = build_lexicons(data["lexicon"])
    return Rules(
        rules=tuple(build_rule(row, lexicons) for name in FILES for row in data[name]),
        cues=build_cues(data["stage"], lexicons),
        vetoes=tuple(build_veto(row, lexicons) for row in data["veto"]),
        marks={name: _phrases(written, lexicons) for name, written in data["marks"].items()},
        laws={code: _phrases(written, lexicons) for code, written in data["laws"].items()},
        senses=build_senses(data["sense"]),
        places=tuple(Place(code, tuple(names)) for code, names in data["places"].items()),
        digest=hashlib.sha256("\x1f".join(texts.values()).encode()).hexdigest(),
    )


def masked(example: str) -> str:
    """An example as the rules see it: folded, `MODEL` and the like replaced by their masks."""
    folded = fold(example).text
    for word, mask in (*MASKS.items(), ("AUTHORITY", MASKS["OFFICE"])):
        if word in example:
            folded = re.sub(rf"(?<![a-z]){word.lower()}(?![a-z])", mask * len(word), folded)
    return folded


def build_lexicons(data: Mapping[str, Row]) -> Lexicons:
    """Name to words, verbs inflected, lexicons inside lexicons resolved (in any order)."""

    def words(name: str) -> tuple[str, ...]:
        row = data[name]
        own = [form for verb in row.get("verbs", ()) for form in inflect(verb)]
        return tuple(dict.fromkeys([*own, *map(str, row.get("words", ()))]))

    return {name: words(name) for name in data}


def build_rule(row: Row, lexicons: Lexicons) -> Rule:
    """One rule, proved by its examples."""
    category, action = row["say"].split("/")
    rule = Rule(
        id=row["id"],
        category=Category(category),
        action=Action(action),
        weight=float(row["weight"]),
        genres=_genres(row, default=frozenset(Genre) - {Genre.STATUS}),
        phrases=_phrases(row["any"], lexicons, han=_han(row)),
        unless=_phrases(row.get("unless", ()), lexicons),
        title_only=row.get("title", False),
        net=row.get("net", False),
        language=_language(row),
        needs=frozenset(row.get("needs", ())),
    )
    _prove(rule, row)
    return rule


def build_cues(rows: Iterable[Row], lexicons: Lexicons) -> tuple[Cue, ...]:
    """All stage cues in order; each is proved by examples in which the act stands in brackets."""
    rows = list(rows)
    cues = tuple(
        Cue(row["id"], Standing(row["is"]), _phrases(row["any"], lexicons, han=_han(row)), row["scope"])
        for row in rows
    )
    for row in rows:
        for example in row["fires"]:
            text = masked(example.replace("[", "").replace("]", ""))
            start = len(masked(example.split("[")[0]))
            end = start + len(masked(example.split("[")[1].split("]")[0]))
            standing, _ = standing_of(text, start, end, cues)
            if standing is not Standing(row["is"]):
                raise Unproven(f"{row['id']}: {example!r} is read as {standing}")
    return cues


def build_veto(row: Row, lexicons: Lexicons) -> Veto:
    """One veto, proved by its examples."""
    veto = Veto(
        id=row["id"],
        phrases=_phrases(row["any"], lexicons),
        genres=_genres(row, default=frozenset(Genre)),
        title_only=row.get("title", False),
        yields=row.get("yields", False),
    )
    for example in row["fires"]:
        if not any(phrase.pattern.search(masked(example)) for phrase in veto.phrases):
            raise Unproven(f"{veto.id} does not hold for its own example {example!r}")
    return veto


def build_senses(data: Row) -> Senses:
    """The words that decide the sense of ambiguous names."""
    return Senses(
        for_any=_words(data["for_any"]),
        against_any=_words(data["against_any"]),
        vendor_only=_words(data["vendor_only"]),
        model_too=_words(data["model_too"]),
        before=_words(data["before"]),
        behind=_words(data["behind"]),
        own={id_: _words(words) for id_, words in data["own"].items()},
        controllers=frozenset(data["controllers"]),
    )


def _prove(rule: Rule, row: Row) -> None:
    if not row["fires"] or not row["silent"]:
        raise Unproven(f"{rule.id} needs an example on which it fires and one on which it is silent")
    for example, expected in [(e, True) for e in row["fires"]] + [(e, False) for e in row["silent"]]:
        text = masked(example)
        fires = any(phrase.pattern.search(text) for phrase in rule.phrases)
        fires = fires and not any(phrase.pattern.search(text) for phrase in rule.unless)
        if fires is not expected:
            raise Unproven(f"{rule.id} {'fires' if fires else 'does not fire'} on its example {example!r}")


def _phrases(written: Iterable[str], lexicons: Lexicons, *, han: bool = False) -> tuple[Phrase, ...]:
    return tuple(compile_phrase(line, lexicons, han=han) for line in written)


def _han(row: Row) -> bool:
    return _language(row) is Language.CHINESE


def _language(row: Row) -> Language:
    return Language(row.get("language", Language.ENGLISH))


def _genres(row: Row, *, default: frozenset[Genre]) -> frozenset[Genre]:
    return frozenset(map(Genre, row["for"])) if "for" in row else default


def _words(words: Iterable[str]) -> re.Pattern[str]:
    ordered = sorted((fold(word).text for word in words), key=len, reverse=True)
    latin = [re.escape(word) for word in ordered if word < "\u2e80"]
    han = [re.escape(word) for word in ordered if word >= "\u2e80"]
    parts = ([rf"(?<!\w)(?:{'|'.join(latin)})(?!\w)"] if latin else []) + han
    return re.compile("|".join(parts))


def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
