"""How many categories and chains the emulator knows the kind of.

python -m bench.accuracy.kinds
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.accuracy.figures import Row, at_least, table
from reprompt_mock.enrichment.categories import kind_of_category
from reprompt_mock.enrichment.kinds import kinds, recognised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprompt_mock.enrichment.kinds import Kind

_FOLDER = Path(__file__).parent
_CODES_KNOWN = 95


def listed(name: str) -> Any:
    """Read a table of cases: `category_codes` by taxonomy and kind, `chain_names` by kind."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def codes() -> Iterator[tuple[str, str, str]]:
    """Yield the most used codes of categories: the taxonomy, the kind that is meant, the code."""
    for taxonomy, by_kind in listed("category_codes").items():
        for kind, given in by_kind.items():
            for code in given:
                yield taxonomy, kind, code


def chains() -> Iterator[tuple[str, str]]:
    """Yield the best-known chains: the kind, the name."""
    for kind, names in listed("chain_names").items():
        for name in names:
            yield kind, name


def rows() -> list[Row]:
    """Measure all targets for kinds of place."""
    labels = [kind_of_category(label) is not None for kind in kinds().values() for label in kind.labels]
    given = [(taxonomy, _is(kind_of_category(code), kind)) for taxonomy, kind, code in codes()]
    taxonomies = list(dict.fromkeys(taxonomy for taxonomy, _ in given))
    return [
        at_least("own labels known when given back", labels, 100),
        at_least("most used codes of categories", [right for _, right in given], _CODES_KNOWN),
        *(at_least(f"codes of {one}", [right for of, right in given if of == one], _CODES_KNOWN) for one in taxonomies),
        at_least("best-known chains by name", [_is(recognised(name, "en"), kind) for kind, name in chains()], 100),
    ]


def _is(found: Kind | None, kind: str) -> bool:
    return found is not None and found.name == kind


if __name__ == "__main__":
    print(table(rows()))
