"""A world's scenario: its rules and faults, as immutable values that are replaced on change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, Field

from reprompt_mock.errors import FaultNotFound, RuleNotFound, TooManyRules
from reprompt_mock.faults import Fault, FaultIndex, index_of_faults
from reprompt_mock.rule_index import RuleIndex, index_of_rules
from reprompt_mock.specs import MOST_REQUESTS, MOST_RULES, FaultSpec, RuleSpec, Strict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprompt_mock.rules import Rule

S = TypeVar("S")
_Count = Annotated[int, Field(ge=0)]
_Digests = Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=MOST_REQUESTS)]


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule, its spec as the user wrote it, and how many jobs it has served."""

    rule: Rule
    spec: RuleSpec
    served: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Show it as JSON-ready data."""
        return {"id": self.rule.id, **_written(self.spec), "served": self.served}


@dataclass(frozen=True, slots=True)
class NamedFault:
    """A fault with its counts, and its spec as the user wrote it."""

    fault: Fault
    spec: FaultSpec

    def as_dict(self) -> dict[str, Any]:
        """Show it as JSON-ready data."""
        return {
            "id": self.fault.id,
            **_written(self.spec),
            "seen": self.fault.seen,
            "served": self.fault.served,
        }

    def as_stored(self) -> dict[str, Any]:
        """Return its stored form, which includes the digests of the requests that it remembers."""
        known = {"skipped": self.fault.skipped, "hit": self.fault.hit}
        return {**self.as_dict(), **{name: digests for name, digests in known.items() if digests}}


def _written(spec: BaseModel) -> dict[str, Any]:
    return spec.model_dump(mode="json", exclude_unset=True)


class StoredRule(RuleSpec):
    """A rule in the form that is stored and that snapshots contain."""

    id: str
    served: _Count = 0


class StoredFault(FaultSpec):
    """A fault in the form that is stored and that snapshots contain."""

    id: str
    seen: _Count = 0
    served: _Count = 0
    skipped: _Digests = ()
    hit: _Digests = ()


class StoredScenario(Strict):
    """A scenario in the form that is stored and that snapshots contain."""

    rules: list[StoredRule] = Field([])
    faults: list[StoredFault] = Field([])
    last_id: _Count = 0


@dataclass(frozen=True)
class Scenario:
    """All rules and faults of a world, oldest first, and the last number used in an id."""

    rules: tuple[NamedRule, ...] = ()
    faults: tuple[NamedFault, ...] = ()
    last_id: int = 0

    @cached_property
    def rule_index(self) -> RuleIndex:
        """An index of the rules, made at first need."""
        return index_of_rules(tuple(named.rule.match for named in self.rules))

    @cached_property
    def fault_index(self) -> FaultIndex:
        """An index of the faults, made at first need."""
        return index_of_faults(tuple(named.fault.match for named in self.faults))

    def with_rules(self, specs: Sequence[RuleSpec]) -> Scenario:
        """Add rules, with numbered ids.

        Raises:
            TooManyRules: there would be more than a world may have.
        """
        named = self._named("rule", self.rules, specs)
        new = tuple(NamedRule(spec.to_rule(name), spec) for name, spec in named)
        return replace(self, rules=self.rules + new, last_id=self.last_id + len(new))

    def with_faults(self, specs: Sequence[FaultSpec]) -> Scenario:
        """Add faults, with numbered ids.

        Raises:
            TooManyRules: there would be more than a world may have.
        """
        named = self._named("fault", self.faults, specs)
        new = tuple(NamedFault(spec.to_fault(name), spec) for name, spec in named)
        return replace(self, faults=self.faults + new, last_id=self.last_id + len(new))

    def _named(self, kind: str, present: Sequence[Any], specs: Sequence[S]) -> list[tuple[str, S]]:
        if len(present) + len(specs) > MOST_RULES:
            raise TooManyRules(what=f"{kind}s", limit=MOST_RULES)
        return [(f"{kind}-{number}", spec) for number, spec in enumerate(specs, self.last_id + 1)]

    def without_rule(self, rule_id: str | None) -> Scenario:
        """Delete a rule, or all rules if `rule_id` is None; jobs already drawn under it keep their course.

        Raises:
            RuleNotFound: no rule has this id.
        """
        if rule_id is None:
            return replace(self, rules=())
        left = tuple(named for named in self.rules if named.rule.id != rule_id)
        if len(left) == len(self.rules):
            raise RuleNotFound(rule_id=rule_id)
        return replace(self, rules=left)

    def without_fault(self, fault_id: str | None) -> Scenario:
        """Delete a fault, or all faults if `fault_id` is None.

        Raises:
            FaultNotFound: no fault has this id.
        """
        if fault_id is None:
            return replace(self, faults=())
        left = tuple(named for named in self.faults if named.fault.id != fault_id)
        if len(left) == len(self.faults):
            raise FaultNotFound(fault_id=fault_id)
        return replace(self, faults=left)

    def after_serving(self, served: Mapping[str, int]) -> Scenario:
        """Record how many jobs each rule has served by now, by rule id."""
        rules = tuple(replace(named, served=served.get(named.rule.id, named.served)) for named in self.rules)
        return replace(self, rules=rules)

    def has_fault_for(self, method: str, path: str, operation: str | None) -> bool:
        """Return whether any fault matches a request."""
        return bool(self.faults) and self.fault_index.newest(method, path, operation) is not None

    def meet(
        self, seed: int, method: str, path: str, operation: str | None, *, digest: str
    ) -> tuple[Scenario, Fault | None]:
        """Count a request identified by `digest`; return the updated scenario and the fault that hits it, if any."""
        position = self.fault_index.newest(method, path, operation)
        if position is None:
            return self, None
        named = self.faults[position]
        fault, hits = named.fault.meet(seed, digest)
        faults = (*self.faults[:position], replace(named, fault=fault), *self.faults[position + 1 :])
        return replace(self, faults=faults), fault if hits else None

    def to_json(self) -> str:
        """Serialize the scenario as JSON."""
        return StoredScenario(
            rules=[StoredRule(**named.as_dict()) for named in self.rules],
            faults=[StoredFault(**named.as_stored()) for named in self.faults],
            last_id=self.last_id,
        ).model_dump_json(exclude_unset=True)

    @classmethod
    def from_stored(cls, stored: StoredScenario) -> Scenario:
        """Restore a scenario from its stored form."""
        return cls(
            tuple(_named_rule(rule) for rule in stored.rules),
            tuple(_named_fault(fault) for fault in stored.faults),
            stored.last_id,
        )

    @classmethod
    def from_json(cls, text: str) -> Scenario:
        """Restore a scenario from JSON."""
        return cls.from_stored(StoredScenario.model_validate_json(text))


def _named_rule(stored: StoredRule) -> NamedRule:
    spec = RuleSpec(**stored.model_dump(exclude_unset=True, exclude={"id", "served"}))
    return NamedRule(spec.to_rule(stored.id), spec, stored.served)


def _named_fault(stored: StoredFault) -> NamedFault:
    met = {"seen", "served", "skipped", "hit"}
    spec = FaultSpec(**stored.model_dump(exclude_unset=True, exclude={"id", *met}))
    fault = spec.to_fault(stored.id)
    return NamedFault(replace(fault, **stored.model_dump(include=met)), spec)
