"""The base of all sections of the configuration: strict numbers, names that fit a topic, every problem reported."""

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

WholeNumber = Annotated[int, Strict()]
"""A whole number; never a truth value."""

MAX_NAME_CHARS = 100
"""Names become levels of a topic and file names."""


def _topic_level(name: str) -> str:
    if not name or re.search(r"[/+#\s\x00-\x1f\x7f]", name):
        raise ValueError("must be one level of an MQTT topic; leave out '/', '+', '#' and blanks")
    if len(name) > MAX_NAME_CHARS:
        raise ValueError(f"is longer than {MAX_NAME_CHARS} characters; choose a shorter name")
    return name


def _non_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank; write something")
    return text


TopicName = Annotated[str, AfterValidator(_topic_level)]
"""A site or camera id: it becomes one level of ``edgecv/v1/{site}/{device}/incident``."""

NonBlankText = Annotated[str, AfterValidator(_non_blank)]
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
    "too_short": "must have at least {min_length}, has {length}",
    "too_long": "must have at most {max_length}, has {length}",
}


class Section(BaseModel):
    """Base of every section: immutable, no unknown keys, and one mistake never hides another."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def conflicts(cls, values: Mapping[str, object]) -> Iterable[Conflict]:
        """The conflicts among ``values``, which are as YAML has them: each may still be of any type."""
        del values
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _validate_whole_section(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Check the values and their conflicts in one pass, and word every problem for the author of the file."""
        section: Self | None = None
        details: list[InitErrorDetails] = []
        try:
            section = handler(values)
        except ValidationError as error:
            details.extend(cls._explain(each) for each in error.errors() if not _only_lacks_invalid_entries(each))
        if isinstance(values, Mapping):
            details.extend(_detail(conflict.at, conflict.text, None) for conflict in cls.conflicts(values))
        if details or section is None:
            raise ValidationError.from_exception_data(cls.__name__, details)
        return section

    @classmethod
    def _explain(cls, error: ErrorDetails) -> InitErrorDetails:
        at: Location = tuple(piece for piece in error["loc"] if piece not in UNION_TAGS)
        if error["type"] == PROBLEM:
            return _detail(at, error["msg"], error["input"], error.get("ctx", {}).get(HIDES_VALUE, False))
        if error["type"] == "extra_forbidden" and len(at) == 1:
            known_keys = list(cls.model_fields)
            text = f"unknown key; known here are {', '.join(known_keys)}{did_you_mean(str(at[0]), known_keys)}"
            return _detail(at, text, error["input"], may_be_secret(str(at[0]), known_keys))
        if error["type"] == "value_error":
            text = error["msg"].removeprefix("Value error, ")
        else:
            default = error["msg"].replace("Input should be", "must be")
            text = WORDING.get(error["type"], default).format_map(
                {**error.get("ctx", {}), "length": _length(error["input"])}
            )
            field = cls.model_fields.get(str(at[0])) if at else None
            if field is not None and field.description:
                text += f"; {at[0]} is {field.description}"
        return _detail(at, text, error["input"])


def _length(value: object) -> int:
    return len(value) if isinstance(value, Sized) else 0


def _only_lacks_invalid_entries(error: ErrorDetails) -> bool:
    """Whether a list is called too short only because its invalid entries, reported on their own, were not counted."""
    return error["type"] == "too_short" and _length(error["input"]) >= error.get("ctx", {}).get("min_length", 0)


def _detail(at: Location, text: str, value: object, hides_value: bool = False) -> InitErrorDetails:
    context = {"text": text, HIDES_VALUE: hides_value}
    return InitErrorDetails(type=PydanticCustomError(PROBLEM, "{text}", context), loc=at, input=value)


def entries(section: object, key: str) -> list[object]:
    """The list under ``key``, or nothing when there is none."""
    items = part(section, key)
    return list(items) if isinstance(items, list | tuple) else []


def part(section: object, key: str | int) -> object:
    """``section[key]`` of a mapping, a list or a ready section; ``None`` when it is not there."""
    if isinstance(section, Mapping):
        return section.get(key)
    if isinstance(section, list | tuple):
        return section[key] if isinstance(key, int) and key < len(section) else None
    return getattr(section, str(key), None) if isinstance(section, Section) else None


def number(value: object) -> float | None:
    """``value`` when it is a finite number of a sensible size, else ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e12 or math.isnan(value):
        return None
    return float(value)


def number_pair(value: object) -> tuple[float, float] | None:
    """``value`` when it is a list of two numbers, else ``None``."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    first, second = number(value[0]), number(value[1])
    return None if first is None or second is None else (first, second)
