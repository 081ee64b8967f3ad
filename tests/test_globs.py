"""Globs: an index of many finds exactly what trying each of them finds."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reprompt_mock.globs import Globs, is_exact, matcher

WORDS = st.sampled_from(["a", "b", "ab", "store", "store-1", "-", "1", "É", "\n", "\0", ".", "\\", "^"])
WILD = st.sampled_from(["*", "*", "?", "[ab]", "[!a]", "[a-c1]", "[]a]", "[!]]", "[", "]", "[!", "[]", "[c-a]", "[*]"])
STRINGS = st.lists(WORDS | st.sampled_from(["[", "]", "*", "?"]), max_size=4).map("".join)
GLOBS = STRINGS | st.lists(WORDS | WILD, max_size=5).map("".join)


def _tried_one_by_one(globs: list[str], strings: list[str]) -> dict[str, list[int]]:
    found = {
        string: [number for number, glob in enumerate(globs) if fnmatchcase(string, glob)] for string in set(strings)
    }
    return {string: numbers for string, numbers in found.items() if numbers}


@given(st.lists(GLOBS, max_size=12), st.lists(STRINGS, max_size=6))
@example(["[]ab", "[!]", "[][a]", "a[*"], ["[]ab", "[!]", "]", "[", "a", "a[b"])
@example(["*aab*", "*ab*", "*b*", "?ab*"], ["xaab", "xab", "b", "a"])
@example(["", "*", "**", "?*"], ["", "a"])
def test_an_index_finds_what_trying_each_glob_finds(globs: list[str], strings: list[str]) -> None:
    found = Globs(enumerate(globs)).matching(strings)
    assert {string: sorted(numbers) for string, numbers in found.items()} == _tried_one_by_one(globs, strings)


@given(GLOBS, STRINGS)
def test_a_glob_matches_as_the_standard_library_says(glob: str, string: str) -> None:
    assert (matcher(glob)(string) is not None) is fnmatchcase(string, glob)


@pytest.mark.parametrize("glob", ["", "store-7", "a]", "a[", "[]", "[!]"])
def test_a_glob_without_wildcards_is_exact(glob: str) -> None:
    assert is_exact(glob)
    assert fnmatchcase(glob, glob)


@pytest.mark.parametrize("glob", ["*", "a?", "[a]", "[]]", "[!]]"])
def test_a_glob_with_a_wildcard_is_not(glob: str) -> None:
    assert not is_exact(glob)


def test_numbers_can_repeat_and_globs_too() -> None:
    assert Globs([(7, "a"), (7, "a*"), (9, "a")]).matching(["a", "b"]) == {"a": [7, 9, 7]}


def test_globs_that_nest_a_thousand_levels_deep_are_found() -> None:
    globs = [f"*{'a' * size}b*" for size in range(1_000)]
    found = Globs(enumerate(globs)).matching(["x" + "a" * 998 + "b", "a" * 999])
    assert {string: len(numbers) for string, numbers in found.items()} == {"x" + "a" * 998 + "b": 999}


def test_a_very_long_glob_is_found() -> None:
    assert Globs([(1, f"*{'ab' * 50_000}*")]).matching(["ab" * 50_001]) == {"ab" * 50_001: [1]}
