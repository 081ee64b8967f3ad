"""Generates the tables of the pages from the code: `make docs`.

A page has a table between two marks, `<!-- generated: settings -->` and `<!-- end -->`, whose content is replaced.
Benchmark figures are between `<!-- bench -->` or `<!-- peers -->` and `<!-- end -->`, and are replaced only if a run's
table is given:

    make docs ARGS="--bench build/bench.md --peers build/bench-peers.md"
"""

from __future__ import annotations

import argparse
import json
import re
from functools import cache
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import httpx2

from reprompt_mock import RepromptMock
from reprompt_mock.attributes import ATTRIBUTE_SETS, CATALOGUE
from reprompt_mock.cli import _parser
from reprompt_mock.conduct.rules import RULES
from reprompt_mock.dsn import Dsn
from reprompt_mock.lifecycle import Hold
from reprompt_mock.rules import TEST_PLACE_IDS, Then
from reprompt_mock.settings import _ALSO_KNOWN, PREFIX, Settings
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo

    from reprompt_mock.attributes import Attribute
    from reprompt_mock.rules import Rule

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CONTRACT = DOCS / "fidelity" / "contract.md"
SERVICE = "/v1/{org_slug}/place_enrichment"
WORLD = "/_mock/orgs/{org_slug}"
METHODS = ("get", "post", "put", "patch", "delete")
_BEYOND = 2**53
"""A bound this large only reflects what the database can hold."""

_GENERATED = re.compile(r"(<!-- generated: ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_RUNS = ("bench", "peers")
"""The marks of figures, and the options that name the files of their tables."""
_CITATION = re.compile(r" \(contract ([^)]+)\)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write every generated table again."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description="Generate the tables of the pages.")
    for name in _RUNS:
        parser.add_argument(f"--{name}", type=Path, metavar="FILE.md", help=f"the table of a run, for the mark {name}")
    files = vars(parser.parse_args(arguments))
    figures = {name: file.read_text(encoding="utf-8") for name, file in files.items() if file}
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = with_figures(generated(before), figures)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
    return 0


def with_figures(page: str, figures: Mapping[str, str]) -> str:
    """Replace the tables of runs in a page, by the names of their marks."""
    for name, table in figures.items():
        mark, end = f"<!-- {name} -->\n", "<!-- end -->"
        before, found, rest = page.partition(mark)
        if found:
            page = f"{before}{mark}\n{table}\n{end}{rest.partition(end)[2]}"
    return page


def pages() -> list[Path]:
    """Return the pages of the manual."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def generated(page: str) -> str:
    """Replace the generated tables of a page.

    Raises:
        KeyError: a mark names a table that does not exist.
    """
    return _GENERATED.sub(lambda match: f"{match[1]}\n{TABLES[match[2]]()}\n{match[4]}", page)


def anchor(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join(f"| {' | '.join(cells)} |\n".replace("|  |", "| |") for cells in lines)


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    return f"`{escaped}`"


# Settings


def settings() -> str:
    """Describe every setting; ◦ marks those of a world."""
    rows = [
        (
            _code(name) + (" ◦" if name in WorldSettings.model_fields else ""),
            _default(field),
            _code(f"--{name.replace('_', '-')}") if f"--{name.replace('_', '-')}" in _flags("serve") else "",
            _values(field),
            _sentence(field.description or ""),
        )
        for name, field in _in_order_of_use()
    ]
    return _table(("setting", "default", "flag", "values", "meaning"), rows)


def _in_order_of_use() -> Iterator[tuple[str, FieldInfo]]:
    """Yield the settings that any start may need first, then the others in their own order."""
    first = ("host", "port", "db")
    yield from ((name, Settings.model_fields[name]) for name in first)
    yield from ((name, field) for name, field in Settings.model_fields.items() if name not in first)


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    return "none" if default is None else _code(json.dumps(default).strip('"'))


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(_code(value) for value in get_args(field.annotation))
    bounds = {
        kind: getattr(one, kind) for one in field.metadata for kind in ("ge", "gt", "le", "lt") if hasattr(one, kind)
    }
    if not bounds:
        return _kind(field.annotation)
    least = f"above {_number(bounds['gt'])}" if "gt" in bounds else _number(bounds["ge"]) if "ge" in bounds else ""
    if "lt" in bounds:
        return f"{least} to below {_number(bounds['lt'])}"
    return f"{least} to {_number(bounds['le'])}" if "le" in bounds else f"{least} or more"


def _number(value: float) -> str:
    if abs(value) == 2**63:
        return f"{'-' if value < 0 else ''}2^63"
    return f"{value:,.0f}" if value == int(value) else f"{value}"


def _kind(annotation: Any) -> str:
    kinds = {str: "text", Path | Dsn: "path or address", bool: "`true`, `false`", list: "list", dict: "table"}
    return kinds[_plain(annotation)]


def _plain(annotation: Any) -> Any:
    """Return the class of an annotation, without `None`, validators and type arguments."""
    arguments = get_args(annotation)
    if type(None) in arguments:
        return _plain(next(one for one in arguments if one is not type(None)))
    return arguments[0] if get_origin(annotation) is Annotated else get_origin(annotation) or annotation


def _sentence(text: str) -> str:
    return text.removesuffix(".") if text.count(". ") == 0 else text


# The command line


def _commands() -> Mapping[str, tuple[argparse.ArgumentParser, str]]:
    (subparsers,) = (one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction))
    helps = {choice.dest: choice.help or "" for choice in subparsers._choices_actions}
    return {name: (parser, helps[name]) for name, parser in subparsers.choices.items()}


def _flags(command: str) -> dict[str, argparse.Action]:
    parser, _ = _commands()[command]
    flags = {option: action for action in parser._actions for option in action.option_strings}
    return {flag: action for flag, action in flags.items() if flag.startswith("--") and flag != "--help"}


def commands() -> str:
    """Describe every command."""
    rows = [(_code(f"reprompt-mock {name}"), text) for name, (_, text) in _commands().items()]
    return _table(("command", "does"), [*rows, (_code("reprompt-mock --version"), "print the version")])


def flags() -> str:
    """Describe every flag of every command."""
    rows = [
        (_code(_usage(flag, action)), command, _variable(action.dest), action.help or "")
        for command in _commands()
        for flag, action in _flags(command).items()
    ]
    return _table(("flag", "of", "variable", "means"), rows)


def _usage(flag: str, action: argparse.Action) -> str:
    value = "|".join(action.choices) if action.choices else action.metavar or action.dest.upper()
    return flag if action.nargs == 0 else f"{flag} {value}"


def _variable(name: str) -> str:
    return _code(PREFIX + name.upper()) if name in {*Settings.model_fields, *_ALSO_KNOWN} else ""


# Conduct


def conduct_rules() -> str:
    """Describe the rules of conduct."""
    rows = [
        (_code(rule.name), rule.severity.value, _sentence(rule.when), _escaped(rule.advice), rule.source)
        for rule in RULES
    ]
    return _table(("rule", "severity", "broken if", "what to do", "source"), rows)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


# Operations


@cache
def _documents() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both OpenAPI documents: the service's and the control API's."""
    with RepromptMock() as mock:
        service, control = (
            httpx2.get(f"{mock.url}{path}", trust_env=False) for path in ("/openapi.json", "/_mock/openapi.json")
        )
        return service.json(), control.json()


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                yield method.upper(), path, operations[method]


def operations() -> str:
    """Describe the operations of the service."""
    rows = [
        (_code(f"{method} {path.removeprefix(SERVICE)}"), _code(said["operationId"]), _described(said))
        for method, path, said in _operations(_documents()[0])
    ]
    return _table(("operation", "id", "does"), rows)


def parameters() -> str:
    """Describe the query parameters of the service's operations."""
    rows = [
        (
            _code(one["name"]),
            _code(said["operationId"]),
            _default_of(one["schema"]),
            _range_of(one["schema"]),
            _sentence(one["description"]),
        )
        for _, _, said in _operations(_documents()[0])
        for one in said["parameters"]
        if one["in"] == "query"
    ]
    return _table(("parameter", "of", "default", "values", "means"), rows)


def _default_of(schema: Mapping[str, Any]) -> str:
    return _code(json.dumps(schema["default"])) if "default" in schema else "none"


def _range_of(schema: Mapping[str, Any]) -> str:
    """Describe the values that a parameter may have, apart from null."""
    kind = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    if "enum" in kind or "const" in kind:
        return ", ".join(map(_code, kind.get("enum") or [kind["const"]]))
    if "minimum" not in kind:
        return {"string": "text", "boolean": "`true`, `false`"}[kind["type"]]
    return f"{kind['minimum']} to {kind['maximum']}" if kind["maximum"] < _BEYOND else f"{kind['minimum']} or more"


def control_routes() -> str:
    """Describe the routes of the control API, the probes first."""
    found = [
        (_code(f"{method} {path.replace(WORLD, 'W')}"), _described(said))
        for method, path, said in _operations(_documents()[1])
    ]
    return _table(("call", "does"), sorted(found, key=lambda row: "W" in row[0].split("/")[0]))


def _described(operation: Mapping[str, Any]) -> str:
    text = " ".join((operation.get("description") or operation["summary"]).split())
    return _CITATION.sub(lambda match: f" ({_linked(match[1])})", _sentence(text))


def _linked(clauses: str) -> str:
    """Link clauses to their headings in the contract."""
    headings = re.findall(r"^#{2,3} (([A-L]\d*)\.? .*)$", CONTRACT.read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {clause: anchor(heading) for heading, clause in headings}
    return re.sub(r"[A-L]\d*\b", lambda match: f"[{match[0]}](../fidelity/contract.md#{anchors[match[0]]})", clauses)


# Attributes


def attributes() -> str:
    """Describe the attributes: their sets, outputs and needs."""
    rows = [
        (_code(name), ", ".join(map(_code, _sets_of(name))), ", ".join(map(_code, one.outputs)), _needs(one))
        for name, one in CATALOGUE.items()
    ]
    return _table(("attribute", "sets", "outputs", "needs"), rows)


def _sets_of(name: str) -> list[str]:
    return [attribute_set for attribute_set, names in ATTRIBUTE_SETS.items() if name in names]


def _needs(attribute: Attribute) -> str:
    return ", ".join(attribute.needs)


# Test place ids


def test_place_ids() -> str:
    """Describe what happens to places whose ids begin with a prefix."""
    by_prefix = groupby(TEST_PLACE_IDS, key=lambda rule: rule.match.place_id or "")
    rows = [(_code(glob.removesuffix("*")), _fates(list(rules))) for glob, rules in by_prefix]
    return _table(("prefix", "what happens"), rows)


def _fates(rules: Sequence[Rule]) -> str:
    """Describe the rules of one prefix, in the order in which they are tried."""
    first, *others = map(_fate, rules)
    return "; ".join([first, *(f"{fate} otherwise" for fate in others)])


def _fate(rule: Rule) -> str:
    attempt = f" on attempt {rule.match.attempt}" if rule.match.attempt else ""
    said = [phrase for key in Then.__slots__ if (phrase := _phrase(key, getattr(rule.then, key)))]
    return ", ".join(said) + attempt


def _phrase(key: str, value: Any) -> str:
    if value is None:
        return ""
    phrases: dict[str, Callable[[Any], str]] = {
        "outcome": lambda outcome: {"completed": "completes", "failed": "fails"}[outcome.name],
        "hold": lambda hold: {Hold.stuck: "stays `in_progress` forever"}[hold],
        "attributes": lambda _: "",
        "outputs": lambda outputs: ", ".join(f"with `{name}: {json.dumps(one)}`" for name, one in outputs.items()),
        "slowness": lambda slowness: f"takes {slowness:g} times as long",
        "found": lambda found: f"every attribute runs and finds {'something' if found else 'nothing'}",
        "first": lambda status: f"its first attribute in `{status.value}`",
    }
    return phrases[key](value)


TABLES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "settings": settings,
        "commands": commands,
        "conduct-rules": conduct_rules,
        "flags": flags,
        "operations": operations,
        "parameters": parameters,
        "attributes": attributes,
        "control-routes": control_routes,
        "test-place-ids": test_place_ids,
    }
)

if __name__ == "__main__":
    raise SystemExit(main())
