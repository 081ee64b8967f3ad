"""Types: what users mistype is found before it runs, and what may be written is what the emulator takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from reprompt_mock.handle import types
from reprompt_mock.handle.parts import Faults
from reprompt_mock.history import AttributeStatus
from reprompt_mock.operations import OPERATION_IDS
from reprompt_mock.settings import Settings
from reprompt_mock.specs import FaultMatchSpec, FaultSpec, FaultThen, RuleMatch, RuleSpec, RuleThen
from reprompt_mock.world_settings import WorldSettings
from tests.typing.checked import mypy, wrong_lines


def test_what_users_mistype_is_an_error_to_mypy_and_nothing_else_is(tmp_path: Path) -> None:
    lines, output = mypy(tmp_path)

    assert lines == wrong_lines(), output
    assert len(lines) > 40


def names_of(model: type[BaseModel]) -> set[str]:
    """Name the keys of a model, as they are written."""
    return {field.alias or name for name, field in model.model_fields.items()}


ALIKE: dict[str, tuple[type[BaseModel], Any]] = {
    "settings of a world": (WorldSettings, types.WorldOptions),
    "settings": (Settings, types.EmulatorOptions),
    "rules": (RuleSpec, types.Rule),
    "what a rule matches": (RuleMatch, types.RuleMatch),
    "what a rule does": (RuleThen, types.RuleThen),
    "what a fault matches": (FaultMatchSpec, types.RequestMatch),
    "what a fault does": (FaultThen, types.FaultThen),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_every_key_that_the_emulator_takes_can_be_written(kind: str) -> None:
    model, written = ALIKE[kind]

    assert names_of(model) <= written.__annotations__.keys()


def test_every_word_that_the_emulator_takes_can_be_written() -> None:
    assert set(get_args(types.Operation)) == set(OPERATION_IDS)
    assert set(get_args(types.AttributeStatus)) == {status.value for status in AttributeStatus}


def test_every_option_of_a_fault_has_its_argument() -> None:
    assert set(FaultSpec.model_fields) <= set(Faults.add.__annotations__)
