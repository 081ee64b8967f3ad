"""How much is measured; each field is a command-line option."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Sizes, and how often and how long each row is measured."""

    repeats: int = 5
    seconds: float = 1.0
    connections: int = 16
    batch: int = 10
    places: int = 50_000
    page: int = 10_000
    results_page: int = 1_000
    list_batches: int = 500
    list_jobs: int = 1_000
    stored: int = 1_000_000
    snapshot: int = 50_000
    export: int = 100_000
    tests: int = 200
    worlds: int = 1_000
    get_rate: float = 200.0
    post_rate: float = 100.0
    micro: int = 2_000
    exchanges: int = 10_000
