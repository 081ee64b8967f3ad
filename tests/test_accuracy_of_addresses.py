"""Addresses are read and invented as well as is promised."""

from __future__ import annotations

from bench.accuracy.addresses import rows


def test_the_targets_of_addresses_are_met() -> None:
    assert [row for row in rows() if not row.met] == []
