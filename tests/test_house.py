"""The shape of the package: modules and functions of a size to read, and no circle of imports among them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "reprompt_mock"
MOST_LINES_OF_A_MODULE = 300
MOST_LINES_OF_A_FUNCTION = 40
Function = ast.FunctionDef | ast.AsyncFunctionDef


@lru_cache
def modules() -> dict[str, Path]:
    """Find every module of the package by its full name."""
    return {_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def _name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(module: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Find what is imported when a module runs, sooner or later: modules, and names within them."""
    for node in ast.iter_child_nodes(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "the package imports by full names"
            yield from ((str(node.module), alias.name) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from imported(ast.Module(node.orelse, []))
        else:
            yield from imported(node)


def imports_of(source: str, known: dict[str, Path]) -> set[str]:
    """Give the modules of the package that a source imports; a package is imported where its own names are."""
    found = imported(ast.parse(source))
    named = (f"{module}.{name}" if f"{module}.{name}" in known else module for module, name in found)
    return {name for name in named if name in known}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Find a circle, empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    known = modules()
    graph = {name: imports_of(file.read_text(encoding="utf-8"), known) for name, file in known.items()}

    assert sum(map(len, graph.values())) > len(graph), "imports were looked for"
    assert circle(graph) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import a.b", {"a.b"}),
        ("from a import b", {"a.b"}),
        ("from a import name", {"a"}),
        ("from a.b import name", {"a.b"}),
        ("def later():\n    from a import b", {"a.b"}),
        ("try:\n    import a.b\nexcept ImportError:\n    pass", {"a.b"}),
        ("if TYPE_CHECKING:\n    from a import b", set()),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    from a import b", {"a.b"}),
        ("if not TYPE_CHECKING:\n    from a import b", {"a.b"}),
        ("import sys", set()),
    ],
)
def test_an_import_is_found_wherever_it_stands(source: str, found: set[str]) -> None:
    assert imports_of(source, {"a": Path(), "a.b": Path()}) == found


def test_a_circle_is_found() -> None:
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


@pytest.mark.parametrize("name", modules())
def test_a_module_is_short_and_so_are_its_functions(name: str) -> None:
    source = modules()[name].read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)]
    long = {one.name: size for one in functions if (size := _lines(one)) > MOST_LINES_OF_A_FUNCTION}

    assert len(source.splitlines()) <= MOST_LINES_OF_A_MODULE
    assert long == {}


def _lines(function: Function) -> int:
    return (function.end_lineno or 0) - function.lineno + 1
