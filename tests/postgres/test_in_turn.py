"""The demo, whose requests two emulators on one schema answer in turn."""

from __future__ import annotations

import pytest

from reprompt_mock import demo, samples, server
from reprompt_mock.app import create_app
from reprompt_mock.dsn import Dsn
from reprompt_mock.settings import Settings
from tests.stores import Turns


def test_the_demo_drives_real_places_through_two_emulators_in_turn(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[Turns] = []

    def in_turn(settings: Settings) -> Turns:
        both = settings.model_copy(update={"db": Dsn(address)})
        made.append(Turns(create_app(both), create_app(both)))
        return made[-1]

    monkeypatch.setattr(server, "create_app", in_turn)
    assert demo.run() == 0
    assert len(made) == 1
    printed = capsys.readouterr().out
    assert f"{len(samples.places())} real places" in printed
    assert "\nGET /batches  " in printed
