"""What all sections of the configuration share: strict numbers, names that fit a topic, and problems told in full."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sized
from typing import Annotated, Any, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    Strict,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from edgecv.config.problems import Location, did_you_mean, may_be_secret

Number = Annotated[float, Strict()]
"""A finite number; ``yes`` and ``"3"`` are not numbers, whatever YAML or pydantic would make of them."""

Whole = Annotated[int, Strict()]
"""A whole number; never a truth value."""

MAX_NAME_CHARS = 100


def _topic_level(name: str) -> str:
    if not name or re.search(r"[/+#\s\x00-\x1f\x7f]", name):
        raise ValueError("must be one level of an MQTT topic; leave out '/', '+', '#' and blanks")
    if len(name) > MAX_NAME_CHARS:
        raise ValueError(f"is longer than {MAX_NAME_CHARS} characters; choose a shorter name")
    return name


def _some_text(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank; write something")
    return text


TopicName = Annotated[str, AfterValidator(_topic_level)]
"""A site or camera id: it becomes one level of ``edgecv/v1/{site}/{device}/incident``."""

SomeText = Annotated[str, AfterValidator(_some_text)]
"""Text that is not blank."""


class Conflict(NamedTuple):
    """Values that are fine one by one but not together; ``at`` is relative to the section."""

    at: Location
    text: str


PROBLEM = "edgecv_problem"
HIDES_VALUE = "hides_value"
"""In a problem's context: the value may be a secret and is not shown."""

UNION_TAGS = frozenset({"[key]", "[count]", "[list]"})
"""Pieces pydantic adds to locations that stand in no file."""

WORDING = {
    "missing": "is missing",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "finite_number": "must be a finite number",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list",
    "dict_type": "must be a section of keys and values",
    "model_type": "must be a section of keys and values",
    "model_attributes_type": "must be a section of keys and values",
    "union_tag_not_found": "must be a whole number or a list",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "too_short": "must have at least {min_length}, has {given}",
    "too_long": "must have at most {max_length}, has {given}",
}


class Section(BaseModel):
    """Base of every section: immutable, no unknown keys, and one mistake never hides another."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def conflicts(cls, given: Mapping[str, object]) -> Iterable[Conflict]:
        """What does not go together in ``given``, which is as it was written: any value may still be of any type."""
        del given
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _tell_everything(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Check values and how they go together in one pass, and word what is wrong for the person who wrote it."""
        made: Self | None = None
        details: list[InitErrorDetails] = []
        try:
            made = handler(given)
        except ValidationError as error:
            details.extend(cls._explain(found) for found in error.errors() if not _short_for_bad_entries(found))
        if isinstance(given, Mapping):
            details.extend(_detail(found.at, found.text, None) for found in cls.conflicts(given))
        if details or made is None:
            raise ValidationError.from_exception_data(cls.__name__, details)
        return made

    @classmethod
    def _explain(cls, found: ErrorDetails) -> InitErrorDetails:
        at: Location = tuple(piece for piece in found["loc"] if piece not in UNION_TAGS)
        if found["type"] == PROBLEM:
            return _detail(at, found["msg"], found["input"], found.get("ctx", {}).get(HIDES_VALUE, False))
        if found["type"] == "extra_forbidden" and len(at) == 1:
            known = list(cls.model_fields)
            text = f"unknown key; known here are {', '.join(known)}{did_you_mean(str(at[0]), known)}"
            return _detail(at, text, found["input"], may_be_secret(str(at[0]), known))
        if found["type"] == "value_error":
            text = found["msg"].removeprefix("Value error, ")
        else:
            default = found["msg"].replace("Input should be", "must be")
            text = WORDING.get(found["type"], default).format_map(
                {**found.get("ctx", {}), "given": _length(found["input"])}
            )
            field = cls.model_fields.get(str(at[0])) if at else None
            if field is not None and field.description:
                text += f"; {at[0]} is {field.description}"
        return _detail(at, text, found["input"])


def _length(given: object) -> int:
    return len(given) if isinstance(given, Sized) else 0


def _short_for_bad_entries(found: ErrorDetails) -> bool:
    """Whether a list is called too short only because entries of it, told on their own, were not counted."""
    return found["type"] == "too_short" and _length(found["input"]) >= found.get("ctx", {}).get("min_length", 0)


def _detail(at: Location, text: str, given: object, hides_value: bool = False) -> InitErrorDetails:
    context = {"text": text, HIDES_VALUE: hides_value}
    return InitErrorDetails(type=PydanticCustomError(PROBLEM, "{text}", context), loc=at, input=given)


def entries(given: object, key: str) -> list[object]:
    """The list under ``key``, or nothing when there is none."""
    found = part(given, key)
    return list(found) if isinstance(found, list | tuple) else []


def part(given: object, key: str | int) -> object:
    """``given[key]`` of a mapping, a list or a ready section; ``None`` when it is not there."""
    if isinstance(given, Mapping):
        return given.get(key)
    if isinstance(given, list | tuple):
        return given[key] if isinstance(key, int) and key < len(given) else None
    return getattr(given, str(key), None) if isinstance(given, Section) else None


def number(given: object) -> float | None:
    """``given`` when it is a finite number of a sensible size, else ``None``."""
    if isinstance(given, bool) or not isinstance(given, int | float) or abs(given) > 1e12 or math.isnan(given):
        return None
    return float(given)


def number_pair(given: object) -> tuple[float, float] | None:
    """``given`` when it is a list of two numbers, else ``None``."""
    if not isinstance(given, list | tuple) or len(given) != 2:
        return None
    first, second = number(given[0]), number(given[1])
    return None if first is None or second is None else (first, second)
