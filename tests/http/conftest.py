"""What tests of the surfaces' common parts use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reprompt_mock.engine.doors import Engine
from reprompt_mock.http.offload import Offload
from reprompt_mock.settings import load


@pytest.fixture
def offload() -> Iterator[Offload]:
    """The way to an engine whose clocks stand."""
    engine = Engine(load({"clock": "paused"}, environ={}))
    yield Offload(engine)
    engine.close()
