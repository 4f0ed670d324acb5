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
from tocsin.classify.rules.rule import Cue, Genre, Marks, Rule, Rules, Standing, Tongue, Unproven, Veto
from tocsin.classify.sense import Senses
from tocsin.classify.stage import phrases_of, standing_of
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
    "net",
)
ABROAD = ("spanish", "chinese", "german", "french", "japanese", "korean")  # one file a language, whole
SUPPORT = ("lexicon", "stage", "veto", "marks", "sense", "places", "laws", "languages")
SCOPES = ("touching", "opener", "clause", "sentence", "inside", "around", "all")
TOLD = {
    "words": "one plain sentence that says what it finds",
    "source": "the law, list format or usage that it follows",
}
Row = dict[str, Any]  # one mapping of a YAML file, checked by use


def load_rules() -> Rules:
    """Everything in the shipped rule files, compiled. Raises ``Unproven`` or ``Unclear`` for a flawed one."""
    texts = {name: _text(name) for name in (*FILES, *SUPPORT, *ABROAD)}
    data = {name: yaml.safe_load(text) for name, text in texts.items()}
    lexicons = build_lexicons(data["lexicon"])
    abroad = [build_tongue(data[name]) for name in ABROAD]
    marks = {name: _phrases(written, lexicons) for name, written in data["marks"].items()}
    rules = tuple(build_rule(row, lexicons) for name in FILES for row in data[name])
    vetoes = tuple(build_veto(row, lexicons) for row in data["veto"])
    return Rules(
        rules=rules + tuple(rule for tongue in abroad for rule in tongue.rules),
        cues=build_cues(data["stage"], lexicons) + tuple(cue for tongue in abroad for cue in tongue.cues),
        vetoes=vetoes + tuple(veto for tongue in abroad for veto in tongue.vetoes),
        marks=marks,
        marks_abroad={tongue.language: _joined(marks, tongue.marks) for tongue in abroad},
        laws={code: _laws(written, lexicons) for code, written in data["laws"].items()},
        senses=build_senses(data["sense"]),
        places=tuple(Place(code, tuple(names)) for code, names in data["places"].items()),
        digest=hashlib.sha256("\x1f".join(texts.values()).encode()).hexdigest(),
    )


def build_tongue(data: Row) -> Tongue:
    """What the file of one language says: its own lexicon, acts, stage cues, vetoes and marks."""
    language = {"language": data["language"]}
    lexicons = build_lexicons(data["lexicon"])
    return Tongue(
        language=_language(language),
        rules=tuple(build_rule({**row, **language}, lexicons) for row in data["acts"]),
        cues=build_cues([{**row, **language} for row in data["stage"]], lexicons),
        vetoes=tuple(build_veto({**row, **language}, lexicons) for row in data["veto"]),
        marks={name: _phrases(lines, lexicons, han=_han(language)) for name, lines in data["marks"].items()},
    )


def _joined(one: Marks, other: Marks) -> Marks:
    return {name: (*one.get(name, ()), *other.get(name, ())) for name in {*one, *other}}


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
        words=_told(row, "words"),
        source=_told(row, "source"),
        category=Category(category),
        action=Action(action),
        weight=float(row["weight"]),
        genres=_genres(row, default=frozenset(Genre) - {Genre.STATUS}),
        phrases=_phrases(row["any"], lexicons, han=_han(row)),
        unless=_phrases(row.get("unless", ()), lexicons, han=_han(row)),
        where=_phrases(row.get("where", ()), lexicons, han=_han(row)),
        title_only=row.get("title", False),
        topic=row.get("topic", False),
        net=row.get("net", False),
        language=_language(row),
        needs=frozenset(row.get("needs", ())),
    )
    _prove(rule, row)
    return rule


def build_cues(rows: Iterable[Row], lexicons: Lexicons) -> tuple[Cue, ...]:
    """All stage cues in order; each is proved by examples in which the act stands in brackets."""
    rows = list(rows)
    cues = tuple(_cue(row, lexicons) for row in rows)
    for row in rows:
        for example, expected in _examples(row):
            text, start, end = bracketed(example)
            standing, cue = standing_of(text, start, end, phrases_of(cues))
            if (cue == row["id"]) is not expected:
                raise Unproven(f"{row['id']}: {example!r} is read as {standing} by {cue or 'no cue'}")
    return cues


def _cue(row: Row, lexicons: Lexicons) -> Cue:
    return Cue(
        id=row["id"],
        words=_told(row, "words"),
        source=_told(row, "source"),
        standing=Standing(row["is"]),
        phrases=_phrases(row["any"], lexicons, han=_han(row)),
        scope=_scope(row),
        language=_language(row),
    )


def _scope(row: Row) -> str:
    if row["scope"] not in SCOPES:
        raise Unproven(f"{row['id']}: scope is one of {', '.join(SCOPES)}, not {row['scope']!r}")
    return str(row["scope"])


def bracketed(example: str) -> tuple[str, int, int]:
    """An example of a cue: its masked text, and where the act in brackets begins and ends."""
    before, act, after = re.split(r"[\[\]]", example)
    start, end = len(masked(before)), len(masked(before)) + len(masked(act))
    return masked(before) + masked(act) + masked(after), start, end


def build_veto(row: Row, lexicons: Lexicons) -> Veto:
    """One veto, proved by its examples."""
    veto = Veto(
        id=row["id"],
        words=_told(row, "words"),
        source=_told(row, "source"),
        phrases=_phrases(row["any"], lexicons, han=_han(row)),
        language=_language(row),
        genres=_genres(row, default=frozenset(Genre)),
        title_only=row.get("title", False),
        yields=row.get("yields", False),
    )
    for example, expected in _examples(row):
        if any(phrase.pattern.search(masked(example)) for phrase in veto.phrases) is not expected:
            raise Unproven(f"{veto.id} {_fires(not expected)} on its example {example!r}")
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
        passing=_words(data["passing"]),
        own={id_: _words(words) for id_, words in data["own"].items()},
        product={id_: _words(words) for id_, words in data["product"].items()},
        against={id_: _words(words) for id_, words in data["against"].items()},
        plain=frozenset(map(str, data["plain"])),
        numbered=frozenset(data["numbered"]),
        controllers=frozenset(data["controllers"]),
    )


def _prove(rule: Rule, row: Row) -> None:
    for example, expected in _examples(row):
        text = masked(example)
        fires = any(phrase.pattern.search(text) for phrase in rule.phrases)
        fires = fires and not any(phrase.pattern.search(text) for phrase in rule.unless)
        if fires is not expected:
            raise Unproven(f"{rule.id} {_fires(fires)} on its example {example!r}")


def _examples(row: Row) -> list[tuple[str, bool]]:
    """The examples of a rule, cue or veto, each with whether it must fire; both kinds are needed."""
    fires, silent = row.get("fires"), row.get("silent")
    if not fires or not silent:
        raise Unproven(f"{row['id']} needs an example on which it fires and one on which it is silent")
    return [(example, True) for example in fires] + [(example, False) for example in silent]


def _fires(fires: bool) -> str:  # one word of a message
    return "fires" if fires else "does not fire"


def _told(row: Row, field: str) -> str:
    told = row.get(field)
    if not told:
        raise Unproven(f"{row['id']} needs `{field}`: {TOLD[field]}")
    return str(told)


def _phrases(written: Iterable[str], lexicons: Lexicons, *, han: bool = False) -> tuple[Phrase, ...]:
    return tuple(compile_phrase(line, lexicons, han=han) for line in written)


def _laws(written: Iterable[str], lexicons: Lexicons) -> tuple[Phrase, ...]:
    return tuple(compile_phrase(line, lexicons, han=max(line) >= "\u2e80") for line in written)


def _han(row: Row) -> bool:
    """Whether words touch, or particles cling to them, so that gaps are counted in characters."""
    return _language(row) in (Language.CHINESE, Language.JAPANESE, Language.KOREAN)


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
