from __future__ import annotations

from collections import Counter

import pytest

from reprompt_mock.api.schemas.outputs import GenericJobOutputs
from reprompt_mock.attributes import ATTRIBUTE_SETS, CATALOGUE, CORE, lacking, merged


def test_no_output_belongs_to_two_attributes() -> None:
    counts = Counter(key for attribute in CATALOGUE.values() for key in attribute.outputs)
    assert max(counts.values()) == 1
    assert set(GenericJobOutputs.model_fields) - counts.keys() == {
        "available_services"
    }  # whose flags are foodService's


@pytest.mark.parametrize("keys", ["outputs", "reasoning", "confidence"])
def test_no_attribute_names_a_key_twice(keys: str) -> None:
    for attribute in CATALOGUE.values():
        assert len(set(getattr(attribute, keys))) == len(getattr(attribute, keys))


def test_every_attribute_writes_something_and_is_filed_under_its_name() -> None:
    assert all(attribute.outputs and attribute.name == name for name, attribute in CATALOGUE.items())


def test_the_core_set_is_the_published_one_in_its_order() -> None:
    """Contract D6."""
    assert CORE == (
        "closed_permanently",
        "websites",
        "phoneNumbers",
        "openingHours",
        "names",
        "address",
        "categories",
    )
    assert ATTRIBUTE_SETS == {"core": CORE, "all": CORE, "open_closed": ("closed_permanently",)}
    assert tuple(CATALOGUE)[:7] == CORE


def test_no_core_attribute_needs_more_than_a_place() -> None:
    """Contract F4."""
    assert not any(lacking(name, {"name": "Anywhere"}) for name in CORE)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ((), ()),
        (((None, None),), ()),
        (((None, []),), ()),
        ((("open_closed", ["menu"]),), ("closed_permanently", "menu")),
        ((("core", ["menu", "websites"]),), (*CORE, "menu")),
        (((None, ["menu", "menu", "x"]),), ("menu", "x")),
        (((None, ["menu"]), ("open_closed", ["websites", "menu"])), ("menu", "closed_permanently", "websites")),
        ((("all", None), ("core", None)), CORE),
    ],
)
def test_sets_come_before_names_and_earlier_sources_first(
    sources: tuple[tuple[str | None, list[str] | None], ...], expected: tuple[str, ...]
) -> None:
    """Contract D6."""
    assert merged(*sources) == expected


@pytest.mark.parametrize(
    ("attribute", "inputs", "expected"),
    [
        ("building_footprint", {"full_address": "1 High Street"}, True),
        ("building_footprint", {"latitude": None, "longitude": None}, True),
        ("building_footprint", {"latitude": 0.0, "longitude": 0.0}, False),
        ("websites", {}, False),
        ("no_such_attribute", {}, False),
    ],
)
def test_an_attribute_lacks_what_it_needs_only_where_the_place_has_no_coordinates(
    attribute: str, inputs: dict[str, object], *, expected: bool
) -> None:
    """Contract F4."""
    assert lacking(attribute, inputs) is expected
