"""The vocabularies are data, which a script makes the same in every process."""

from __future__ import annotations

import builtins
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reprompt_mock.enrichment import facts
from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.finders.phones import numbers_of
from reprompt_mock.enrichment.vocabulary import vocabulary

ROOT = Path(__file__).parents[2]
DATA = ROOT / "reprompt_mock" / "enrichment" / "data"
_MAKE = """
import sys
sys.path.insert(0, sys.argv[1])
import pools
for name, text in pools.files().items():
    pools.Path(sys.argv[2], name).write_text(text, encoding="utf-8")
"""
_HEAVY = "{'faker', 'phonenumbers', 'tzfpy'}"


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_the_pools_are_what_their_script_makes(hash_seed: str, tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed}
    subprocess.run([sys.executable, "-c", _MAKE, ROOT / "tools", tmp_path], env=environ, check=True, timeout=120)
    for made in tmp_path.iterdir():
        assert made.read_text(encoding="utf-8") == (DATA / made.name).read_text(encoding="utf-8"), made.name
    assert {made.name for made in tmp_path.iterdir()} == {"pools.json"}


@pytest.mark.parametrize("code", sorted(countries()))
def test_every_country_has_its_pools(code: str) -> None:
    pools = vocabulary(code)
    assert pools.surnames
    assert pools.streets


def test_neither_pools_nor_numbers_load_what_made_them() -> None:
    code = (
        "import sys; from reprompt_mock.enrichment import facts, vocabulary\n"
        "from reprompt_mock.enrichment.finders import phones\n"
        "for code in facts.countries(): vocabulary.vocabulary(code), phones.numbers_of(code)\n"
        f"sys.exit(bool({_HEAVY} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_every_data_file_is_named() -> None:
    assert {f"{name}.json" for name in facts.FILES} == {file.name for file in DATA.glob("*.json")}


def _broken(*_: object, **__: object) -> Any:
    raise OSError("patched by a test")


def test_data_are_read_past_what_tests_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read wrong once would stay wrong for the whole process."""
    for owner, name in ((builtins, "open"), (io, "open"), (os, "open"), (Path, "read_text"), (Path, "open")):
        monkeypatch.setattr(owner, name, _broken)
    for name in facts.FILES:
        assert facts.data.__wrapped__(name) == facts.data(name)


def test_what_could_not_be_read_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = numbers_of("NP")
    numbers_of.cache_clear()
    facts.data.cache_clear()
    monkeypatch.setattr(facts, "FileIO", _broken)
    for _ in range(2):
        with pytest.raises(OSError, match="patched"):
            numbers_of("NP")
    monkeypatch.undo()
    assert numbers_of("NP") == before
