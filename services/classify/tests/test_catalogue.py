"""The shipped catalogue is wide, agrees with itself, and a contradiction is refused by name."""

import pytest

from tocsin.classify.catalogue.load import Flawed, check, load_catalogue
from tocsin.contracts import Entity, Kind

ACME = Entity(id="vendor:acme", kind=Kind.VENDOR, name="Acme")
ROCKET = Entity(id="model:rocket", kind=Kind.MODEL, name="Rocket", vendor="vendor:acme")


def test_it_holds_models_vendors_chips_and_authorities() -> None:
    kinds = [entity.kind for entity in load_catalogue()]
    assert len(kinds) >= 450
    assert all(kinds.count(kind) >= 100 for kind in Kind)


@pytest.mark.parametrize(
    ("id_", "family", "api_id"),
    [
        ("model:claude-fable-5", "Claude Fable", "claude-fable-5"),
        ("model:claude-mythos-5", "Claude Mythos", "claude-mythos-5"),
        ("model:claude-opus-4.8", "Claude Opus", "claude-opus-4-8"),
    ],
)
def test_models_have_families_and_api_ids(id_: str, family: str, api_id: str) -> None:
    model = next(entity for entity in load_catalogue() if entity.id == id_)
    assert (model.family, model.vendor) == (family, "vendor:anthropic")
    assert api_id in model.api_ids


def test_every_model_and_chip_has_a_maker_and_every_authority_a_jurisdiction() -> None:
    for entity in load_catalogue():
        if entity.kind in (Kind.MODEL, Kind.CHIP):
            assert entity.vendor, entity.id
        else:
            assert entity.jurisdiction, entity.id


@pytest.mark.parametrize(
    ("entities", "reason"),
    [
        ((ACME, ACME), "used more than once: vendor:acme"),
        ((ROCKET,), "names the vendor vendor:acme"),
        ((ACME, ROCKET.model_copy(update={"family": "Star"})), "family 'Star'"),
        (
            (ACME, ROCKET, ROCKET.model_copy(update={"id": "model:r2", "name": "rocket"})),
            "both called 'rocket'",
        ),
        ((ACME.model_copy(update={"id": "chip:acme"}),), "must start with vendor:"),
    ],
)
def test_a_contradiction_is_refused_by_name(entities: tuple[Entity, ...], reason: str) -> None:
    with pytest.raises(Flawed, match=reason):
        check(entities)


def test_a_vendor_and_its_own_model_may_share_a_name() -> None:
    check((ACME, ROCKET.model_copy(update={"name": "Acme"})))
