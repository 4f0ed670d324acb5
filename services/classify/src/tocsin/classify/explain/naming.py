"""Why a name in the text was taken for an entity of the catalogue, or was not."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tocsin.classify.classify import Trace
from tocsin.classify.explain.explanation import LeftOut, Mark, Name
from tocsin.classify.explain.marking import number_of
from tocsin.classify.knowledge import Knowledge
from tocsin.classify.matching import Hit
from tocsin.classify.reading import Page, Reading
from tocsin.contracts import Entity, Kind, Mention, Role, Span

# Characters beside a name in which words count, as sense has it.
LEFT, RIGHT, FAR_LEFT, AROUND = 14, 24, 40, 60


@dataclass(frozen=True)
class Context:
    """What decides the sense of every name of a notice."""

    reading: Reading
    knowledge: Knowledge
    document: str
    hits: tuple[tuple[Page, Hit], ...]  # every name of the catalogue that stands there, meant or not

    @classmethod
    def of(cls, reading: Reading, knowledge: Knowledge) -> "Context":
        """The whole notice as sense looks at it."""
        document = f"{reading.title.folded.text}\n{reading.text.folded.text}"
        hits = (
            (page, hit)
            for page in reading.pages()
            for hit in knowledge.matcher.find(page.folded, page.original)
        )
        return cls(reading, knowledge, document, tuple(hits))


def names(told: Trace, knowledge: Knowledge, marks: Iterable[Mark]) -> tuple[Name, ...]:
    """Every entity of the classification with the reasons for its sense and its role."""
    context = Context.of(told.reading, knowledge)
    marks = tuple(marks)
    return tuple(
        Name(
            id=mention.id,
            name=mention.name,
            kind=mention.kind,
            role=mention.role,
            inferred=mention.inferred,
            marks=tuple(number_of(span, marks) for span in mention.spans),
            because=(*_sense(mention, context), _role(mention, told, knowledge)),
        )
        for mention in told.classification.entities
    )


def left_out(told: Trace, knowledge: Knowledge) -> tuple[LeftOut, ...]:
    """Names that stand in the text and mean something else, with the words that say so."""
    context = Context.of(told.reading, knowledge)
    taken = {entity.id for page in told.reading.pages() for s in page.sightings for entity in s.entities()}
    found: dict[str, LeftOut] = {}
    for page, hit in context.hits:
        for entity in _entities(hit):
            if entity.id not in taken and entity.id not in found:
                found[entity.id] = _left_out(entity, hit, page, context)
    return tuple(found.values())


def _left_out(entity: Entity, hit: Hit, page: Page, context: Context) -> LeftOut:
    return LeftOut(
        id=entity.id,
        name=entity.name,
        kind=entity.kind,
        span=page.span(hit.start, hit.end),
        because=tuple(_against(entity, hit, page, context)),
    )


def _entities(hit: Hit) -> list[Entity]:
    return [thing for thing in hit.name.things if isinstance(thing, Entity)]


def _sense(mention: Mention, context: Context) -> Iterator[str]:
    """Reasons for the first place where an entity is named; none for one that only follows."""
    for page, hit in context.hits:
        for entity in _entities(hit):
            if entity.id == mention.id:
                yield from _for(entity, hit, page, context)
                return


def _for(entity: Entity, hit: Hit, page: Page, context: Context) -> Iterator[str]:
    senses = context.knowledge.rules.senses
    plain = _is_plain(hit, context)
    if not plain and not entity.ambiguous:
        yield "the name means nothing else"
        return
    if not plain and (" " in hit.name.text or any(char.isdigit() for char in hit.name.text)):
        yield f"“{_quote(page, hit)}” is spelt out, so it means nothing else"
        return
    own = senses.own.get(entity.id)
    words = [*(_found(own, context.document) if own else []), *_found(senses.for_any, context.document)]
    if words:
        yield f"the text speaks of {_listed(words)}"
    maker = context.knowledge.kin.entities.get(entity.vendor or "")
    if maker is not None and _names(maker, context):
        yield f"its maker {maker.name} is named"
    if used := _use(hit, page, context):
        yield f"“{used}” beside the name treats it as something one can use or ban"


def _against(entity: Entity, hit: Hit, page: Page, context: Context) -> Iterator[str]:
    senses = context.knowledge.rules.senses
    if words := _elsewhere(entity, hit, page, context):
        yield words
    elif homonym := _found(senses.against_any, context.document):
        yield f"the text speaks of {_listed(homonym)}, so the name means something else"
    elif _is_plain(hit, context):
        yield "the name is made of common words, and nothing says who makes it"
    elif entity.id in senses.own:
        yield "the name is a common word, and nothing in the text speaks of this entity"
    else:
        yield "the name has other meanings, and no word of the text says that it is meant"


def _elsewhere(entity: Entity, hit: Hit, page: Page, context: Context) -> str:
    """Words beside a name that make it another one's, a product's or a mere place; empty if none do."""
    senses, text = context.knowledge.rules.senses, page.folded.text
    product, against = senses.product.get(entity.id), senses.against.get(entity.id)
    left, right = text[max(0, hit.start - FAR_LEFT) : hit.start], text[hit.end : hit.end + RIGHT]
    if product is not None and (match := product.match(right.lstrip(" "))):
        return f"“{match[0]}” behind it names a thing of its, and not the maker"
    if entity.kind is Kind.VENDOR and (match := senses.passing.search(left)):
        return f"“{match[0]}” before it makes it a place, and no party"
    if against is not None and (words := _found(against, context.document)):
        return f"the text speaks of {_listed(words)}, so the name means something else"
    return _shared(entity, hit, page, context)


def _shared(entity: Entity, hit: Hit, page: Page, context: Context) -> str:
    """Why a name that a maker and a model share means the other one; empty if it does not."""
    others = [thing for thing in _entities(hit) if thing.id != entity.id and _names(thing, context)]
    near = page.folded.text[max(0, hit.start - AROUND) : hit.end + AROUND]
    business = _found(context.knowledge.rules.senses.vendor_only, near)
    if not (others and business):
        return ""
    other = f"{others[0].name} ({others[0].kind})"
    return f"it shares its name with {other}, and {_listed(business)} beside it means that one"


def _is_plain(hit: Hit, context: Context) -> bool:
    plain = context.knowledge.rules.senses.plain
    return hit.name.text in plain or hit.name.text.split(" ", maxsplit=1)[0] in plain


def _names(entity: Entity, context: Context) -> bool:
    return any(entity in s.entities() for page in context.reading.pages() for s in page.sightings)


def _use(hit: Hit, page: Page, context: Context) -> str:
    """Words right beside a name that treat it as a service; empty if there are none."""
    senses, text = context.knowledge.rules.senses, page.folded.text
    match = senses.before.search(text[max(0, hit.start - LEFT) : hit.start])
    match = match or senses.behind.match(text[hit.end : hit.end + RIGHT].lstrip())
    return match[0] if match else ""


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(match[0] for match in pattern.finditer(text)))


def _listed(words: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in dict.fromkeys(words[:4]))


def _quote(page: Page, hit: Hit) -> str:
    return page.span(hit.start, hit.end).quote


def _role(mention: Mention, told: Trace, knowledge: Knowledge) -> str:
    if mention.inferred:
        made = [
            one.name
            for one in told.classification.subjects()
            if (entity := knowledge.kin.entities.get(one.id)) is not None and entity.vendor == mention.id
        ]
        return f"no words name it: it makes {', '.join(made)}" if made else "no words name it: it follows"
    if mention.kind is Kind.AUTHORITY:
        return "mentioned: an authority acts and is not acted on"
    if mention.role is not Role.SUBJECT:
        return (
            "mentioned: the act is about something else" if told.verdict.frame else "mentioned: no act stands"
        )
    if any(_in_act(span, told) for span in mention.spans):
        return "subject: it is named in the sentence of the act"
    if mention.kind is Kind.VENDOR:
        return "subject: its product is what the act is about"
    return "subject: the title or the lead names it as what the act is about"


def _in_act(span: Span, told: Trace) -> bool:
    frame = told.verdict.frame
    if frame is None or span.field != frame.sentence.field:
        return False
    sentence = frame.sentence
    own = told.reading.page(sentence.field).span(sentence.start, sentence.start + len(sentence.text))
    return own.start <= span.start < own.end
