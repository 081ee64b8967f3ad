"""Rules and faults as users write them: their validation, and their conversion."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from reprompt_mock import faults, operations, rules
from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.hints import nearest
from reprompt_mock.history import AttributeStatus
from reprompt_mock.lifecycle import Hold, JobStatus

MOST_RULES = 1000
"""The most rules, and the most faults, that a world may have."""
MOST_REQUESTS = 1000
"""The most requests that a fault which counts per request can let through first, and can hit."""
Count = Annotated[int, Field(ge=1, le=2**31)]
_DATE_SECONDS = 10 * 366 * 86_400
# Results, journals and snapshots nest a value a few levels deeper, and orjson writes at most 254 levels.
_SPARE_LEVELS = 16


def _as_json(value: Any) -> Any:
    nested = value
    for _ in range(_SPARE_LEVELS):
        nested = [nested]
    try:
        orjson.dumps(nested)
    except orjson.JSONEncodeError:
        raise PydanticCustomError("json", "this is not JSON, or nested too deeply") from None
    return orjson.loads(orjson.dumps(value))


Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Json = Annotated[Any, BeforeValidator(_as_json)]
"""A JSON value; dates in a config file become strings."""


def _spelt(time: Any) -> Any:
    if not (isinstance(time, str) and "-" in time[1:]):
        example = "2026-01-31T09:30:00Z"
        raise PydanticCustomError(
            "time", "Input should be a time with its zone, such as {example}", {"example": example}
        )
    return time


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("string_nul", "String must not contain NUL")
    return text


Time = Annotated[AwareDatetime, BeforeValidator(_spelt)]
"""A time in ISO 8601; bare numbers are refused, since their unit is unknown."""
_OUTPUTS = frozenset(key for attribute in CATALOGUE.values() for key in attribute.outputs)
_SCORES = frozenset(key for attribute in CATALOGUE.values() for key in attribute.confidence)


class Strict(BaseModel):
    """A body that refuses unknown keys, with a hint at the nearest known one."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: Any) -> Any:
        if isinstance(values, dict):
            refuse_unknown("key", values, [field.alias or name for name, field in cls.model_fields.items()])
        return values


def refuse_unknown(kind: str, names: Any, known: Any) -> None:
    """Refuse names that are not known.

    Raises:
        PydanticCustomError: a name is unknown; the message suggests the nearest known one.
    """
    for name in names:
        if name not in known:
            message = "unknown {kind} {name}{hint}"
            context = {"kind": kind, "name": repr(name), "hint": nearest(str(name), known)}
            raise PydanticCustomError("unknown_name", message, context)


class RuleMatch(Strict):
    """Which jobs a rule applies to; strings are case-sensitive globs."""

    batch: str | None = Field(None, description="The batch's id or name.")
    place_id: str | None = Field(None, description="The place's id.")
    name: str | None = Field(None, description="The place's name.")
    attempt: Count | None = Field(None, description="The attempt, 1 for the first.")


class RuleThen(Strict):
    """What happens to the jobs; what is omitted is decided by older rules, then by the draw."""

    outcome: Literal["completed", "failed"] | None = Field(None, description="How the job ends.")
    error: Annotated[str, AfterValidator(_without_nul)] | None = Field(
        None, description="The reason that a failure states."
    )
    hold: Literal["pending", "queued", "queued_deferred", "in_progress"] | None = Field(
        None, description="The status in which it waits until it is released."
    )
    seconds: Seconds | None = Field(None, description="The processing time in virtual seconds.")
    results_lag_seconds: Seconds | None = Field(
        None, description="For how many virtual seconds results show the job as it was, instead of the setting."
    )
    attributes: dict[str, AttributeStatus] | None = Field(
        None, description="Statuses of attributes once the job has completed."
    )
    outputs: dict[str, Json] | None = Field(None, description="Values of outputs, for requested attributes.")
    confidence_scores: dict[str, Literal["VERY_HIGH", "HIGH", "MEDIUM", "LOW", "NONE"]] | None = Field(
        None, description="Confidence scores, for requested attributes."
    )

    @model_validator(mode="after")
    def _known_names(self) -> RuleThen:
        refuse_unknown("attribute", self.attributes or (), CATALOGUE)
        refuse_unknown("output", self.outputs or (), _OUTPUTS)
        refuse_unknown("confidence score", self.confidence_scores or (), _SCORES)
        return self


class RuleSpec(Strict):
    """A rule: what happens to the jobs that match."""

    match: RuleMatch = Field(default_factory=RuleMatch, description="Which jobs it applies to; by default all.")
    then: RuleThen = Field(description="What happens to them.")
    times: Count | None = Field(None, description="How many jobs it applies to; by default all.")

    def to_rule(self, rule_id: str) -> rules.Rule:
        """Convert to a rule with the given id."""
        then = self.then
        return rules.Rule(
            rules.Match(**self.match.model_dump()),
            rules.Then(
                outcome=JobStatus[then.outcome] if then.outcome else None,
                error=then.error,
                hold=Hold[then.hold] if then.hold else None,
                seconds=then.seconds,
                results_lag_seconds=then.results_lag_seconds,
                attributes=then.attributes,
                outputs=then.outputs,
                confidence_scores=dict(then.confidence_scores) if then.confidence_scores else None,
            ),
            self.times,
            rule_id,
        )


class FaultMatchSpec(Strict):
    """Which requests a fault applies to."""

    method: str | None = Field(None, description="The method.")
    path: str | None = Field(None, description="The path, as a glob.")
    operation: str | None = Field(None, description="The operation's id, such as create_batch.")

    @model_validator(mode="after")
    def _known_operation(self) -> FaultMatchSpec:
        refuse_unknown("operation", [self.operation] if self.operation is not None else [], operations.OPERATION_IDS)
        return self


class HeaderDate(Strict):
    """A header value that is a date."""

    date_in_seconds: Annotated[float, Field(ge=-_DATE_SECONDS, le=_DATE_SECONDS, allow_inf_nan=False)] = Field(
        description="How many real seconds after the answer, rounded up to a whole second of the date."
    )


def _kind_of_header(value: Any) -> str:
    return "date" if isinstance(value, (dict, HeaderDate)) else "text"


HeaderValue = Annotated[
    Annotated[str, Tag("text")] | Annotated[HeaderDate, Tag("date")], Discriminator(_kind_of_header)
]


class FaultThen(Strict):
    """What happens to the requests."""

    model_config = ConfigDict(serialize_by_alias=True)

    status: Annotated[int, Field(ge=200, le=599)] | None = Field(None, description="The answer's status.")
    body: Json = Field(None, description="The answer's body: text, or JSON.")
    headers: dict[str, HeaderValue] = Field({}, description="The answer's headers: text, or a date relative to now.")
    delay_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = Field(
        0.0, description="Real seconds by which the answer or the end of the connection is delayed."
    )
    abort: faults.Abort | None = Field(
        None, description="End the connection: reset or close it without an answer, or truncate the answer halfway."
    )
    cut: faults.Cut | None = Field(None, alias="as", description="Where a truncated answer ends.")
    stale_after_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] | None = Field(
        None, description="Real seconds after the answer until the connection is closed without notice."
    )

    @model_validator(mode="after")
    def _sendable(self) -> FaultThen:
        for name, value in self.headers.items():
            text = value if isinstance(value, str) else ""
            if not _is_token(name) or not text.isascii() or not text.isprintable():
                raise PydanticCustomError("header", "headers need a plain ASCII name and value")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> FaultThen:
        effect, is_truncated = self.to_effect(), self.abort is faults.Abort.truncate
        has_content = self.body is not None or is_truncated
        if effect.has_no_answer and (effect.replaces_answer or self.headers):
            raise _nonsense("reset and close send no answer: leave out status, body and headers")
        if self.cut and not is_truncated:
            raise _nonsense("as says where an answer is cut: it needs abort truncate")
        if self.abort and self.stale_after_seconds is not None:
            raise _nonsense("a connection closes only once: use either abort or stale_after_seconds")
        if self.status in faults.NO_CONTENT and has_content:
            raise _nonsense("answers with status 204, 205 or 304 have no body to send or cut")
        if is_truncated and self.body == "":
            raise _nonsense("an empty body cannot be cut: use abort close")
        return self

    def to_effect(self) -> faults.Effect:
        """Convert to the fault's effect."""
        headers = {
            name: value if isinstance(value, str) else faults.DateIn(value.date_in_seconds)
            for name, value in self.headers.items()
        }
        cut = self.cut or faults.Cut.length
        return faults.Effect(
            self.status, self.body, headers, self.delay_seconds, self.abort, cut, self.stale_after_seconds
        )


def _nonsense(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("contradiction", "{sentence}", {"sentence": sentence})


def _is_token(name: str) -> bool:
    return bool(name) and all(letter.isascii() and (letter.isalnum() or letter in "-_.!#$%&'*+^`|~") for letter in name)


class FaultSpec(Strict):
    """A fault: what happens to the requests that match."""

    match: FaultMatchSpec = Field(
        default_factory=FaultMatchSpec, description="Which requests it applies to; by default all."
    )
    skip: Annotated[int, Field(ge=0, le=2**31)] = Field(
        0, description="How many matching requests are let through first."
    )
    times: Count | None = Field(None, description="How many it hits after that; by default all.")
    probability: Annotated[float, Field(ge=0, le=1)] = Field(
        1.0, description="The probability with which it hits each of them."
    )
    when: faults.When = Field(faults.When.before, description="before or after the request is carried out.")
    per: faults.Per = Field(
        faults.Per.arrival,
        description="What skip and times count: arrivals, or distinct requests, whose repeats meet the same fate.",
    )
    then: FaultThen = Field(description="What happens.")

    @model_validator(mode="after")
    def _countable(self) -> FaultSpec:
        if self.per is faults.Per.request and max(self.skip, self.times or 0) > MOST_REQUESTS:
            message = "per request, skip and times are at most {most}"
            raise PydanticCustomError("too_many", message, {"most": MOST_REQUESTS})
        return self

    def to_fault(self, fault_id: str) -> faults.Fault:
        """Convert to a fault with the given id."""
        return faults.Fault(
            faults.RequestMatch(**self.match.model_dump()),
            self.then.to_effect(),
            self.skip,
            self.times,
            self.probability,
            self.when,
            fault_id,
            per=self.per,
        )
