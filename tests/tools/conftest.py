"""A stranger's project for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A stranger's project, empty still."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)
