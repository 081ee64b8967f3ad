"""pyright: what users mistype is an error, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.typing.checked import pyright, wrong_lines

pytest.importorskip("pyright", reason="it comes with the extra `tools`")


def test_what_users_mistype_is_an_error_to_pyright_and_nothing_else_is(tmp_path: Path) -> None:
    lines, output = pyright(tmp_path)

    assert lines == wrong_lines(), output
