"""The Python snippets of the page about other tools run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent

from tests.tools.project import Project

PAGE = Path(__file__).parents[2] / "docs/guides/with-other-tools.md"
IMPORTS = """
import pytest
import vcr
from hypothesis import HealthCheck, given, settings, strategies
"""


def test_the_snippets_run(project: Project) -> None:
    snippets = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for number, snippet in enumerate(snippets):
        test = snippet if "def test_" in snippet else f"def test_it(reprompt_mock):\n{indent(snippet, '    ')}"
        project.write(f"test_{number}.py", IMPORTS, test)

    session = project.run(plugins=["recording", "hypothesispytest"])

    session.assert_passed(tests=len(snippets))
    assert len(snippets) == 4
