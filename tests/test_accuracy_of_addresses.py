"""Addresses in national forms are read as well as is promised, also without the packages of `make accuracy`."""

from __future__ import annotations

from bench.accuracy.written import addresses, is_right

_MISSED = 20
"""More than are missed, of 1,936; `make accuracy` tries cities that the emulator does not know."""


def test_addresses_in_national_forms_are_read() -> None:
    missed = [written for written in addresses({}) if not is_right(written)]

    assert len(missed) < _MISSED, missed
