"""Configuration: one TOML file, validated once at the door; an unknown key names the nearest known one.

::

    [session]
    name = "pilot-07"            # the session folder's name; default: date and time
    audio = false                # record raw sound into the XDF file; needs mode = "full"
    video = false                # record pictures beside it (Motion JPEG); needs mode = "full"
    sync = true                  # wait for the disk; false spares a memory card, a power cut then costs ~30 s
    person = "P07"               # whose consent the session needs: a pseudonym

    [context]                    # docs/privacy.md; without it, what 'insula context set' stated
    use = "research"             # clinical, own-use, robot-demo; work, education: with medical_or_safety

    [privacy]
    mode = "features-only"       # de-identified, full
    keep_days = 90               # then 'insula erase --due' erases the session

    [sensors.camera]             # any name; it names the sensor's streams
    driver = "camera"            # a registered driver; the other keys are its own options
    index = 0

    [estimators.face]
    estimator = "face"           # a registered estimator
    stream = "camera"            # optional: without it, the first stream that fits

    [engine]
    use = "cpu"                  # what runs the models; docs/engines.md

    [fusion]
    rate_hz = 20

    [sinks.lsl]
    sink = "lsl"

Without ``[estimators]`` every registered estimator that fits a stream is used.
"""

from __future__ import annotations

import difflib
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from insula.edge import registry
from insula.edge.engines.choice import Engines
from insula.edge.errors import ConfigError
from insula.edge.privacy.context import Context, use_named
from insula.edge.privacy.mode import Mode
from insula.edge.untrusted import parse_toml

_T = typing.TypeVar("_T")
_INJECTED = {
    "clock",
    "sleep",
    "engines",
    "sealer",
    "notes",
}  # constructor parameters wired by the runtime, not by a file


@dataclass(frozen=True, slots=True)
class Part:
    """One configured sensor, estimator or sink: its registered factory's name and its options."""

    name: str
    factory: str
    options: Mapping[str, Any] = field(default_factory=dict)
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """A whole session: what runs and what is written."""

    sensors: tuple[Part, ...]
    estimators: tuple[Part, ...] = ()
    sinks: tuple[Part, ...] = ()
    fusion: Mapping[str, Any] = field(default_factory=dict)
    engine: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    audio: bool = False
    video: bool = False
    person: str = ""
    sync: bool = True
    """Wait for the disk at every flush; without, a power cut costs what the system had not written yet."""
    context: Context | None = None
    mode: Mode = Mode.FEATURES_ONLY
    keep_days: int | None = None
    encrypt: bool | None = None
    """``None``: encrypted as soon as this machine has a key."""


_KEY_OF = {"sensors": "driver", "estimators": "estimator", "sinks": "sink"}


def load(path: Path) -> Config:
    """Read and validate a configuration file; raises ``ConfigError`` with one line that says what to do."""
    try:
        raw = parse_toml(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no configuration file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    try:
        return parse(raw, base=path.parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse(raw: Mapping[str, Any], *, base: Path | None = None) -> Config:
    """Validate a configuration given as tables; relative ``path`` options are taken from ``base``."""
    _only(
        raw,
        ("session", "context", "privacy", "sensors", "engine", "estimators", "fusion", "sinks"),
        "the file",
    )
    session = _table(raw, "session")
    _only(session, ("name", "audio", "video", "person", "sync"), "[session]")
    privacy = _table(raw, "privacy")
    _only(privacy, ("mode", "keep_days", "encrypt"), "[privacy]")
    if not _table(raw, "sensors"):
        raise ConfigError("no [sensors.NAME] table: a session needs at least one sensor")
    fusion = dict(_table(raw, "fusion"))
    check_options(registry.factory("fusion", "late"), fusion, "[fusion]")
    engine = dict(_table(raw, "engine"))
    check_options(Engines, engine, "[engine]")
    Engines(**engine)
    mode = _mode(privacy)
    audio = _typed(session.get("audio", False), bool, "[session] audio")
    video = _typed(session.get("video", False), bool, "[session] video")
    for name, wanted, kept in (("audio", audio, mode.keeps_audio), ("video", video, mode.keeps_video)):
        if wanted and not kept:
            raise ConfigError(f"[session] {name} = true needs [privacy] mode = 'full'; it is {str(mode)!r}")
    sinks = _parts(raw, "sinks", base)
    for part in sinks:
        _within(mode, part)
    _distinct(raw)
    return Config(
        sensors=_parts(raw, "sensors", base),
        estimators=_parts(raw, "estimators", base),
        sinks=sinks,
        fusion=fusion,
        engine=engine,
        name=_typed(session.get("name", ""), str, "[session] name"),
        audio=audio,
        video=video,
        person=_typed(session.get("person", ""), str, "[session] person"),
        sync=_typed(session.get("sync", True), bool, "[session] sync"),
        context=_context(raw),
        mode=mode,
        keep_days=_days(privacy),
        encrypt=_typed(privacy["encrypt"], bool, "[privacy] encrypt") if "encrypt" in privacy else None,
    )


def _context(raw: Mapping[str, Any]) -> Context | None:
    table = _table(raw, "context")
    if not table:
        return None
    _only(table, ("use", "purpose", "medical_or_safety", "notice"), "[context]")
    return Context(
        use_named(_typed(table.get("use", ""), str, "[context] use")),
        _typed(table.get("purpose", ""), str, "[context] purpose"),
        _typed(table.get("medical_or_safety", ""), str, "[context] medical_or_safety"),
        _typed(table.get("notice", False), bool, "[context] notice"),
    )


def _mode(privacy: Mapping[str, Any]) -> Mode:
    name = privacy.get("mode", Mode.FEATURES_ONLY)
    if name not in list(Mode):
        raise ConfigError(f"[privacy] mode = {name!r} should be one of {', '.join(Mode)}")
    return Mode(name)


def _within(mode: Mode, sink: Part) -> None:
    """Refuse an output that would give away more than ``mode`` permits."""
    permitted = {"audio": mode.keeps_audio, "video": mode.keeps_video, "landmarks": mode.keeps_mesh}
    for option, may in permitted.items():
        if sink.options.get(option) and not may:
            raise ConfigError(
                f"[sinks.{sink.name}] {option} = true is more than [privacy] mode = {str(mode)!r}"
            )


def _days(privacy: Mapping[str, Any]) -> int | None:
    if "keep_days" not in privacy:
        return None
    days = privacy["keep_days"]
    if not _fits(days, int) or days < 1:
        raise ConfigError(f"[privacy] keep_days = {days!r} should be a whole number of days, at least 1")
    return int(days)


def _distinct(raw: Mapping[str, Any]) -> None:
    """Sensors and sinks are known by their names on one board."""
    sensors, sinks = _table(raw, "sensors"), _table(raw, "sinks")
    for name in sensors:
        if name in sinks:
            raise ConfigError(f"[sensors.{name}] and [sinks.{name}] need different names")
    if "fusion" in (*sensors, *sinks):
        raise ConfigError("no sensor and no sink can be called fusion: it is a part of every session")


def _parts(raw: Mapping[str, Any], group: registry.Group, base: Path | None) -> tuple[Part, ...]:
    parts = []
    for name, table in _table(raw, group).items():
        where = f"[{group}.{name}]"
        if not isinstance(table, Mapping):
            raise ConfigError(f"{where} must be a table")
        options = dict(table)
        key = _KEY_OF[group]
        if key not in options:
            meant = "".join(f" (was {k!r} meant?)" for k in difflib.get_close_matches(key, options, n=1))
            raise ConfigError(f"{where} needs {key} = one of {', '.join(registry.names(group))}{meant}")
        factory_name = _typed(options.pop(key), str, f"{where} {key}")
        stream = _typed(options.pop("stream", ""), str, f"{where} stream") if group == "estimators" else ""
        try:
            factory = registry.factory(group, factory_name)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error
        check_options(factory, options, where)
        if base is not None:
            options = {key: _located(key, value, base) for key, value in options.items()}
        if group == "sinks":  # not opened, only made: an output that may not be opened is refused here
            try:
                factory(**options)
            except ConfigError as error:
                raise ConfigError(f"{where}: {error}") from error
        parts.append(Part(name, factory_name, options, stream))
    return tuple(parts)


def _located(key: str, value: Any, base: Path) -> Any:
    """A relative path is taken from ``base``; an absolute one and "-" (stdout) stay as they are."""
    is_path = key == "path" or key.endswith("_file")
    return str(base / value) if is_path and isinstance(value, str) and value not in ("", "-") else value


def check_options(factory: Callable[..., Any], options: Mapping[str, Any], where: str) -> None:
    """Check a table against the constructor it will be passed to."""
    hints = typing.get_type_hints(factory.__init__ if inspect.isclass(factory) else factory)
    known = {
        p.name: p
        for p in inspect.signature(factory).parameters.values()
        if p.kind is p.KEYWORD_ONLY and p.name not in _INJECTED
    }
    _only(options, known, where)
    for name, value in options.items():
        if name in hints and not _fits(value, hints[name]):
            raise ConfigError(f"{where} {name} = {value!r} should be {_spell(hints[name])}")
    missing = [p.name for p in known.values() if p.default is p.empty and p.name not in options]
    if missing:
        raise ConfigError(f"{where} needs {', '.join(missing)}")


def _table(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = raw.get(key, {})
    if not isinstance(table, Mapping):
        raise ConfigError(f"[{key}] must be a table")
    return table


def _only(table: Mapping[str, Any], known: typing.Iterable[str], where: str) -> None:
    options = list(known)
    for key in table:
        if key not in options:
            raise ConfigError(f"unknown key {key!r} in {where}{registry.nearest(key, options)}")


def _typed(value: object, kind: type[_T], where: str) -> _T:
    if not isinstance(value, kind):
        raise ConfigError(f"{where} = {value!r} should be {_spell(kind)}")
    return value


def _fits(value: object, hint: object) -> bool:
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return any(_fits(value, option) for option in typing.get_args(hint))
    origin = typing.get_origin(hint) or hint
    if origin is typing.Literal:
        return value in typing.get_args(hint)
    if origin is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if origin is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if origin in (list, tuple) or getattr(origin, "__name__", "") == "Sequence":
        return isinstance(value, (list, tuple))
    return not isinstance(origin, type) or isinstance(value, origin)


def _spell(hint: object) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(repr(a) for a in typing.get_args(hint))
    plain = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
    return plain.get(hint, str(hint)) if isinstance(hint, type) else str(hint)
