"""The shipped catalogue is wide, agrees with itself, and a contradiction is refused by name."""

import pytest

from tocsin.classify.catalogue.keys import said, tokens
from tocsin.classify.catalogue.listing import Listed, Reader, Series, entities
from tocsin.classify.catalogue.load import Flawed, check, joined, load_catalogue, origins, read_reader
from tocsin.contracts import Entity, Kind

ACME = Entity(id="vendor:acme", kind=Kind.VENDOR, name="Acme")
ROCKET = Entity(id="model:rocket", kind=Kind.MODEL, name="Rocket", vendor="vendor:acme")


def test_it_holds_models_vendors_chips_and_authorities() -> None:
    kinds = [entity.kind for entity in load_catalogue()]
    assert len(kinds) >= 2000
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


def test_every_entity_says_where_it_comes_from() -> None:
    known = origins()
    for entity in load_catalogue():
        assert known[entity.id].endswith(".yaml") or " " in known[entity.id], entity.id


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("amazon-bedrock/us.anthropic.claude-opus-4-6-20260205-v1:0", ("claude", "opus", "4.6")),
        ("claude-3-5-haiku-20241022", ("claude", "haiku", "3.5")),
        ("fireworks_ai/accounts/fireworks/models/glm-4p5-air", ("glm", "4.5", "air")),
        ("replicate/meta/llama-v3p1-405b-instruct", ("llama", "3.1", "405b")),
        ("openai/gpt-5-2025-08-07", ("gpt", "5")),
        ("mistral/mistral-small-2506", ("mistral", "small")),
        ("google/gemini-2.0-flash:free", ("gemini", "2.0", "flash")),
        ("gpt-4-0613", ("gpt", "4")),
        ("cohere.command-r-plus-08-2024", ("command", "r", "plus")),
    ],
)
def test_an_api_id_names_a_model_apart_from_seller_date_and_packing(key: str, words: tuple[str, ...]) -> None:
    assert tokens(said(key), read_reader().packing) == words


READER = Reader(
    (Series("rocket", "Rocket", "vendor:acme"), Series("nova", "Acme Nova", "vendor:acme")),
    frozenset({"pro"}),
    frozenset({"instruct"}),
)


def listed(*keys: str) -> list[Listed]:
    return [Listed("list 1.0", key) for key in keys]


def test_a_listed_model_is_one_entity_with_family_ids_and_source() -> None:
    rows = entities(listed("shop/rocket-2-pro", "rocket-2-pro-20250514", "rocket-2"), READER, (ACME, ROCKET))
    assert rows[1:] == [
        {
            "id": "model:rocket-2",
            "name": "Rocket 2",
            "vendor": "vendor:acme",
            "family": "Rocket",
            "api_ids": ["rocket-2"],
        }
        | {"from": ["list 1.0 rocket-2"]},
        {
            "id": "model:rocket-2-pro",
            "name": "Rocket 2 Pro",
            "vendor": "vendor:acme",
            "family": "Rocket 2",
            "api_ids": ["rocket-2-pro", "rocket-2-pro-20250514"],
            "from": ["list 1.0 rocket-2-pro-20250514"],
        },
    ]
    check(joined((ACME, ROCKET), rows))


@pytest.mark.parametrize("key", ["rocket-2-my-own-mix", "rocket-embed-2", "shuttle-9", "myrocket-2"])
def test_what_no_maker_would_call_its_own_is_left_out(key: str) -> None:
    assert [row["id"] for row in entities(listed(key), READER, (ACME, ROCKET))] == ["model:acme-nova"]


def test_the_hand_wins_and_the_list_adds_ids() -> None:
    kept = ROCKET.model_copy(update={"id": "model:rocket-2", "name": "Rocket Two", "aliases": ("Rocket 2",)})
    rows = entities(listed("rocket-2-instruct"), READER, (ACME, ROCKET, kept))
    whole = {entity.id: entity for entity in joined((ACME, ROCKET, kept), rows)}
    assert whole["model:rocket-2"] == kept.model_copy(update={"api_ids": ("rocket-2-instruct",)})


def test_a_name_without_its_maker_is_an_alias() -> None:
    row = next(
        row for row in entities(listed("nova-pro"), READER, (ACME,)) if row["id"] == "model:acme-nova-pro"
    )
    assert (row["name"], row["aliases"], row["family"]) == ("Acme Nova Pro", ["Nova Pro"], "Acme Nova")
