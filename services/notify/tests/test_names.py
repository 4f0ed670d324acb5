"""Names: what teams call things, whatever the spelling; families at any depth, and never in a circle."""

import pytest

from tocsin.contracts import Entity, Kind
from tocsin.notify.routing.names import Names, fold

FABLE = "model:claude-fable-5"


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [
        (Kind.MODEL, "Claude Fable 5", FABLE),
        (Kind.MODEL, "claude-fable 5", FABLE),
        (Kind.MODEL, "FABLE5", FABLE),
        (Kind.MODEL, FABLE, FABLE),
        (Kind.VENDOR, "Claude Fable 5", None),
        (Kind.MODEL, "", None),
        (Kind.CHIP, "h-20", "chip:h20"),
    ],
)
def test_a_name_is_known_by_any_spelling_and_its_kind(
    names: Names, kind: Kind, name: str, found: str | None
) -> None:
    assert names.resolve(kind, name) == found


def test_versions_stay_apart() -> None:
    assert len({fold("Claude 4.5"), fold("Claude 45"), fold("Claude 4")}) == 3


def test_families_are_found_at_any_depth(names: Names) -> None:
    assert names.in_family(FABLE, "claude fable")
    assert names.in_family(FABLE, "Claude")
    assert not names.in_family(FABLE, "Claude Mythos")
    assert not names.in_family("vendor:anthropic", "Claude")
    assert names.above(FABLE) == {"model:claude-fable", "model:claude"}
    assert names.above("model:claude") == frozenset()


def test_families_in_a_circle_do_no_harm() -> None:
    circle = Names(
        Entity(id=f"model:{one}", kind=Kind.MODEL, name=one, family=other) for one, other in ("ab", "ba")
    )
    assert circle.above("model:a") == {"model:b"}
    assert circle.in_family("model:a", "b")
