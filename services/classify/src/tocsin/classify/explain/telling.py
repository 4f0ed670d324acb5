"""The sentences of an explanation, the same on a terminal and on a page."""

from tocsin.classify.explain.explanation import Act, Outcome, WhatIf


def verdict_told(verdict: Outcome) -> str:
    """A verdict in one line."""
    act = f"{verdict.category} / {verdict.action}, {verdict.stage}"
    return f"{act}; {verdict.certainty}; severity {verdict.severity}"


def points_told(act: Act) -> str:
    """What gave and took the points: `rule 6.0, place +3.0`."""
    first, *others = act.points.items()
    return ", ".join([f"{first[0]} {first[1]:g}", *(f"{name} {points:+g}" for name, points in others)])


def changed(one: WhatIf) -> str:
    """What a change leads to: `certainty official, severity critical`."""
    if not one.differs:
        return "nothing changes"
    return ", ".join(f"{name} {getattr(one.becomes, name)}" for name in one.differs)
