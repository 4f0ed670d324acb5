"""A classification in plain words: the verdict, each claim with its quote, and what nearly fired."""

from collections.abc import Iterator

from tocsin.classify.classify import Trace, trace
from tocsin.classify.knowledge import Knowledge
from tocsin.contracts import Mention, NoticePublished

MOST_FRAMES = 5


def explain(notice: NoticePublished, knowledge: Knowledge) -> list[str]:
    """Why the notice is classified as it is, one line a statement."""
    told = trace(notice, knowledge)
    return [*_verdict(told), *_claims(told), *_entities(told), *_frames(told)]


def _verdict(told: Trace) -> Iterator[str]:
    said = told.classification
    yield f"{said.category} / {said.action}, {said.stage}; {said.certainty}; severity {said.severity}"
    yield f"read as {told.genre} of tier {told.reading.notice.source.tier}"
    if said.jurisdictions or said.targets:
        actors, targets = (", ".join(codes) or "nobody named" for codes in (said.jurisdictions, said.targets))
        yield f"acts: {actors}; hit: {targets}"
    if told.verdict.veto:
        yield f"no act counts, because {told.verdict.veto} holds in the title or first sentence"


def _claims(told: Trace) -> Iterator[str]:
    for evidence in told.classification.evidence:
        quote = (
            f"“{evidence.span.quote}” ({evidence.span.field})" if evidence.span else "follows from the others"
        )
        yield f"{evidence.claim} by {evidence.rule}: {quote}"


def _entities(told: Trace) -> Iterator[str]:
    for entity in told.classification.entities:
        yield f"{entity.kind} {entity.name}: {entity.role}{_why(entity)}"


def _why(entity: Mention) -> str:
    if entity.inferred:
        return ", inferred as the maker"
    return f", named {len(entity.spans)} time{'s' if len(entity.spans) > 1 else ''}"


def _frames(told: Trace) -> Iterator[str]:
    for frame in told.frames[:MOST_FRAMES]:
        yield (
            f"rule {frame.rule.id} scored {frame.score:.1f} in sentence {frame.sentence.number}"
            f" ({frame.standing}{f' by {frame.cue}' if frame.cue else ''})"
        )
