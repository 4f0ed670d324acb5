"""Regular English inflection, so that a lexicon lists each verb once."""

import re

_DOUBLES = re.compile(r"^[^aeiou]*[aeiou][bdgmnprt]$")  # one syllable, consonant-vowel-consonant


def inflect(verb: str) -> tuple[str, ...]:
    """All forms of a regular verb, which may carry a particle: `roll back`."""
    head, _, particle = verb.partition(" ")
    tail = f" {particle}" if particle else ""
    return tuple(dict.fromkeys(form + tail for form in _forms(head)))


def _forms(verb: str) -> tuple[str, ...]:
    if verb.endswith("e"):
        return verb, f"{verb}s", f"{verb}d", f"{verb[:-1]}ing"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing"
    if verb.endswith(("s", "x", "z", "ch", "sh")):
        return verb, f"{verb}es", f"{verb}ed", f"{verb}ing"
    stem = verb + verb[-1] if _DOUBLES.match(verb) else verb
    return verb, f"{verb}s", f"{stem}ed", f"{stem}ing"
