"""What inputs say: found out once for each place, and bounded."""

from __future__ import annotations

from reprompt_mock.enrichment.given import Given, given, given_once
from reprompt_mock.enrichment.memo import Memo

PLACE = b'{"name":"Blue Door Cafe","full_address":"1 Rue de Rivoli, 75001 Paris","country_code":"FR","marker":"%d"}'


def test_a_place_is_looked_into_once() -> None:
    assert given[PLACE % 1] is given[PLACE % 1]
    assert given[PLACE % 1] is not given[PLACE % 2]


def test_what_is_read_once_is_used_if_known_but_not_kept() -> None:
    known = given[PLACE % 3]

    assert given_once(PLACE % 3) is known
    assert given_once(PLACE % 4).inputs["marker"] == "4"
    assert PLACE % 4 not in given


def test_it_says_what_depends_on_no_seed() -> None:
    said = given_once(PLACE % 5)

    assert (said.country_code, said.name, said.label) == ("FR", "Blue Door Cafe", "blue-door-cafe")
    assert said.kind is not None
    assert (said.kind.name, said.category) == ("cafe", said.kind.labels[0])
    assert said.position is None
    assert [row.city for row in said.localities] == ["Paris"]
    assert said.address.is_whole
    assert said.address.parts["postalCode"] == "75001"


def test_an_unheard_category_stays_and_an_unknown_kind_is_left_to_the_draw() -> None:
    said = Given({"name": "Zzyzx", "category": "frobnication"})

    assert (said.kind, said.category) == (None, "frobnication")
    assert Given({"name": "Zzyzx"}).category is None


def test_a_full_memo_begins_anew() -> None:
    memo: Memo[int, list[int]] = Memo(lambda number: [number], 3)
    first = memo[0]
    for number in range(1, 4):
        memo[number]

    assert len(memo) == 1
    assert memo[0] == first
    assert memo[0] is not first
