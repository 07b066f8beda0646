"""How the types of ``insula.edge.types`` become JSON values, derived from their annotations."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Literal

Nulls = Mapping[tuple[type, str], float]

_Function = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """How values of one type are written and read; both functions raise ``Wrong``."""

    write: _Function
    read: _Function


class Wrong(Exception):
    """A value does not fit. The records around it put the names of their fields into ``path``."""

    def __init__(self, told: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(told)
        self.told = told
        self.path = path

    def within(self, name: str) -> Wrong:
        """The same fault seen from the record that has the field ``name``."""
        return Wrong(self.told, (name, *self.path))

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} {self.told}"


def _form(hint: Any, null: float | None, nulls: Nulls) -> Form:
    """The form of a type hint; ``null`` is what a null stands for inside it where a float is expected."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is float:
        return _float_form(null)
    if origin is Literal:
        return _one_of(args)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (arg for arg in args if arg is not types.NoneType)
        return _optional(_form(inner, null, nulls))
    if origin is Mapping:
        return _by_name(_form(args[1], None, nulls))
    if origin is tuple:
        if args[-1] is Ellipsis and set(typing.get_args(args[0])) == {float}:
            return _points(len(typing.get_args(args[0])))
        if args[-1] is Ellipsis:
            return _sequence(_form(args[0], null, nulls))
        return _row(tuple(_form(arg, None, nulls) for arg in args))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return record_form(hint, nulls)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _one_of(tuple(hint), hint)
    if hint in (str, int, bool):
        return _plain(hint)
    raise TypeError(f"no wire form for {hint!r}")


def _float_form(null: float | None) -> Form:
    def write(value: Any) -> float | None:
        number = float(value)
        if math.isfinite(number):
            return number
        if null is None or (math.isinf(null) and number != null):
            raise Wrong(f"is {number}, which has no wire form; what is not measured is None")
        return None

    def read(value: Any) -> float:
        if type(value) is float and math.isfinite(value):
            return value
        if value is None and null is not None:
            return null
        if type(value) is not int:  # exact: a bool is no number here
            raise Wrong(f"should be a finite number, not {value!r}")
        try:
            return float(value)
        except OverflowError:
            raise Wrong("should be a finite number, not one of hundreds of digits") from None

    return Form(write, read)


def _plain(kind: type) -> Form:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise Wrong(f"should be {kind.__name__}, not {value!r}")
        return value

    return Form(kind, read)


def _one_of(allowed: tuple[str, ...], make: Callable[[str], str] = str) -> Form:
    def read(value: Any) -> str:
        if value not in allowed:
            raise Wrong(f"should be one of {', '.join(allowed)}, not {value!r}")
        return make(value)

    return Form(str, read)


def _optional(inner: Form) -> Form:
    return Form(
        lambda value: None if value is None else inner.write(value),
        lambda value: None if value is None else inner.read(value),
    )


def _sequence(item: Form) -> Form:
    return Form(
        lambda value: [item.write(entry) for entry in value],
        lambda value: tuple([item.read(entry) for entry in _list(value)]),
    )


def _by_name(item: Form) -> Form:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Wrong(f"should be an object, not {value!r}")
        return {str(name): item.read(entry) for name, entry in value.items()}

    return Form(lambda value: {name: item.write(entry) for name, entry in value.items()}, read)


def _row(items: tuple[Form, ...]) -> Form:
    def write(value: Any) -> list[Any]:
        return [form.write(entry) for form, entry in zip(items, value, strict=True)]

    def read(value: Any) -> tuple[Any, ...]:
        entries = _list(value)
        if len(entries) != len(items):
            raise Wrong(f"should have {len(items)} entries, not {len(entries)}")
        return tuple([form.read(entry) for form, entry in zip(items, entries, strict=True)])

    return Form(write, read)


def _points(width: int) -> Form:
    """Rows of ``width`` numbers: the 478 landmarks of a face, most of what there is to write."""
    careful = _sequence(_row((_float_form(None),) * width))

    def write(value: Any) -> list[list[float]]:
        rows = [list(row) for row in value]
        plain = all(_is_row(row, width) for row in rows)
        return rows if plain else careful.write(value)

    def read(value: Any) -> tuple[tuple[float, ...], ...]:
        plain = isinstance(value, list) and all(_is_row(row, width) for row in value)
        return tuple([tuple(row) for row in value]) if plain else careful.read(value)

    return Form(write, read)


def _is_row(row: Any, width: int) -> bool:
    return type(row) is list and len(row) == width and all(type(n) is float and math.isfinite(n) for n in row)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong(f"should be a list, not {value!r}")
    return value


def record_form(cls: type, nulls: Nulls) -> Form:
    """The form of a dataclass: an object with its fields by name.

    ``nulls`` says for a type and a field what null means there where a plain number is expected.
    """
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    forms = {f.name: _form(hints[f.name], nulls.get((cls, f.name)), nulls) for f in fields}
    missing = dataclasses.MISSING
    needed = {f.name for f in fields if f.default is missing and f.default_factory is missing}

    def write(value: Any) -> dict[str, Any]:
        out = {}
        for name, form in forms.items():
            try:
                out[name] = form.write(getattr(value, name))
            except Wrong as error:
                raise error.within(name) from None
        return out

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise Wrong(f"should be an object, not {value!r}")
        if unknown := value.keys() - forms.keys():
            raise Wrong(f"has the unknown field {min(unknown)!r} (from a newer version?)")
        if absent := needed - value.keys():
            raise Wrong(f"lacks the field {min(absent)!r}")
        arguments = {}
        for name, entry in value.items():
            try:
                arguments[name] = forms[name].read(entry)
            except Wrong as error:
                raise error.within(name) from None
        try:
            return cls(**arguments)
        except ValueError as error:  # the type's own rules, such as sd ≥ 0
            raise Wrong(f"is not valid: {error}") from error

    return Form(write, read)
