"""The figures that `make accuracy` writes, and how it writes them."""

from __future__ import annotations

import re

import pytest

from bench.accuracy.__main__ import PAGE, TOPICS, replaced
from bench.accuracy.figures import Row, at_least, none_of, table


def test_a_share_is_rounded_down_so_that_a_hundred_means_all() -> None:
    assert at_least("a", [True, True, True, False], 75) == Row("a", "75.00 % of 4", "at least 75 %", met=True)
    assert at_least("a", [True] * 99_999 + [False], 100) == Row("a", "99.99 % of 100,000", "at least 100 %", met=False)
    assert at_least("a", [True, False], 50.01).met is False


def test_what_should_not_be_there_is_named() -> None:
    assert none_of("a", [], 1234) == Row("a", "0 of 1,234", "none", met=True)
    assert none_of("a", ["b", "c", "d", "e"], 9) == Row("a", "4 of 9: b, c, d", "none", met=False)


def test_a_row_says_whether_its_target_is_met() -> None:
    rows = [Row("a", "1", "2", met=False), Row("b", "2", "2", met=True)]

    assert table(rows).splitlines()[2:] == ["| a | 1 | 2 | no |", "| b | 2 | 2 | yes |"]


def test_a_section_takes_the_place_of_its_former_one() -> None:
    one, other = ("<!-- accuracy: x -->\n\nold\n\n<!-- end -->\n", "<!-- accuracy: x -->\n\nnew\n\n<!-- end -->\n")
    last = "<!-- accuracy: y -->\n\nlast\n\n<!-- end -->\n"
    page = replaced(replaced("# Page\n", "x", one), "y", last)

    assert page == f"# Page\n\n{one}\n{last}"
    assert replaced(page, "x", other) == f"# Page\n\n{other}\n{last}"
    assert replaced(replaced(page, "x", other), "x", one) == page


@pytest.mark.parametrize("topic", TOPICS)
def test_the_page_has_every_topic_with_its_targets_met(topic: str) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(f"<!-- accuracy: {topic} -->")[2].partition("<!-- end -->")[0]
    rows = re.findall(r"^\| .* \| (yes|no) \|$", section, re.MULTILINE)

    assert rows
    assert set(rows) == {"yes"}
