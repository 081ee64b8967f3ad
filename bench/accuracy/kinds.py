"""How many categories and chains the emulator knows the kind of.

python -m bench.accuracy.kinds
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.categories import kind_of_category
from reprompt_mock.enrichment.kinds import kinds, recognised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reprompt_mock.enrichment.kinds import Kind

_FOLDER = Path(__file__).parent
_CODES_KNOWN = 0.95

Row = tuple[str, str, str, bool]
"""What is measured, how it came out, the target, and whether that is met."""


def table(name: str) -> Any:
    """Read a table of cases: `category_codes` by taxonomy and kind, `chain_names` by kind."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def codes() -> Iterator[tuple[str, str, str]]:
    """Yield the most used codes of categories: the taxonomy, the kind that is meant, the code."""
    for taxonomy, by_kind in table("category_codes").items():
        for kind, given in by_kind.items():
            for code in given:
                yield taxonomy, kind, code


def chains() -> Iterator[tuple[str, str]]:
    """Yield the best-known chains: the kind, the name."""
    for kind, names in table("chain_names").items():
        for name in names:
            yield kind, name


def rows() -> list[Row]:
    """Measure all targets for kinds of place."""
    labels = [kind_of_category(label) is not None for kind in kinds().values() for label in kind.labels]
    given = [(taxonomy, _is(kind_of_category(code), kind)) for taxonomy, kind, code in codes()]
    taxonomies = list(dict.fromkeys(taxonomy for taxonomy, _ in given))
    return [
        _row("own labels known when given back", labels, 1.0),
        _row("most used codes of categories", [right for _, right in given], _CODES_KNOWN),
        *(_row(f"codes of {one}", [right for of, right in given if of == one], _CODES_KNOWN) for one in taxonomies),
        _row("best-known chains by name", [_is(recognised(name, "en"), kind) for kind, name in chains()], 1.0),
    ]


def _is(found: Kind | None, kind: str) -> bool:
    return found is not None and found.name == kind


def _row(name: str, right: Iterable[bool], target: float) -> Row:
    cases = list(right)
    share = sum(cases) / len(cases)
    return f"{name} ({len(cases)})", f"{share:.1%}", f"{target:.0%}", share >= target


if __name__ == "__main__":
    for name, measured, target, met in rows():
        print(f"{name:60} {measured:>8} {target:>8} {'met' if met else 'MISSED'}")
