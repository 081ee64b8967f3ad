"""The vocabularies are the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.vocabulary import vocabulary

_PRINT_ALL = """
from hashlib import sha256
from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.vocabulary import vocabulary
print(sha256(repr([vocabulary(code) for code in sorted(countries())]).encode()).hexdigest())
"""


def _all(hash_seed: str, code: str = _PRINT_ALL) -> str:
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
    run = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    return run.stdout


_PRINT_IN_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.vocabulary import vocabulary
codes = sorted(countries())
with ThreadPoolExecutor(16) as pool:
    list(pool.map(vocabulary, reversed(codes)))
print(sha256(repr([vocabulary(code) for code in codes]).encode()).hexdigest())
"""


def test_pools_do_not_depend_on_which_threads_make_them() -> None:
    """Countries share the Faker of a locale."""
    assert _all("1", _PRINT_IN_THREADS) == _all("1")


def test_pools_do_not_depend_on_how_a_process_hashes() -> None:
    assert _all("1") == _all("2")


@pytest.mark.parametrize("code", sorted(countries()))
def test_every_country_has_its_pools(code: str) -> None:
    pools = vocabulary(code)
    assert pools.surnames
    assert pools.streets
    assert pools.cities
