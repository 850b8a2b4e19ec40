"""Keys and Python values as options and experiment files of the command."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Any, Union

import numpy as np

from ._command import UnknownKeyError, command, execute

#: A path of an experiment file, or its keys and values.
Experiment = Union[str, "PathLike[str]", Mapping[str, Any]]

#: Options that say how the command prints or shares work: the functions take care of those.
NOT_KEYS = {"format", "help", "histogram", "output", "shard", "version"}


def arguments(
    subcommand: str, keys: Mapping[str, Any], experiment: Experiment | None, scratch: Path
) -> list[str]:
    """Make the command's arguments of keys and values.

    Mappings go into an experiment file in the folder `scratch`, where the experiment is not a file
    of its own; all else becomes options, which win over the file.

    Raises
    ------
    UnknownKeyError
        For a key that the subcommand does not have.
    """
    given = {dashed(key): plain(value) for key, value in keys.items() if value is not None}
    known = options(subcommand)
    for key in given:
        if key not in known:
            raise UnknownKeyError(unknown(subcommand, key, known), 64)
    made = [subcommand]
    if experiment is None or isinstance(experiment, Mapping):
        content = _experiment(experiment or {})
        for key in [key for key, value in given.items() if _needs_file(key, value)]:
            content[key] = dashed_keys(given.pop(key))
        if content:
            path = scratch / "experiment.yaml"
            # JSON is YAML.
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
            made.append(str(path))
    else:
        made.append(str(experiment))
    for key, value in given.items():
        if known[key]:
            made.append(f"--{key}={_start(value, scratch) if key == 'start' else text(value)}")
        elif value:
            made.append(f"--{key}")
    return made


def options(subcommand: str) -> dict[str, bool]:
    """Ask the command for a subcommand's options, each with whether it takes a value."""
    path = command()
    return _options(subcommand, str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _options(subcommand: str, path: str, modified: int) -> dict[str, bool]:
    page = execute([subcommand, "--help"], progress=False)
    found = re.findall(r"^ +(?:-\w, )?--([a-z][a-z-]*)( <)?", page, re.MULTILINE)
    return {name: bool(value) for name, value in found if name not in NOT_KEYS}


def unknown(subcommand: str, key: str, known: Iterable[str]) -> str:
    """Say that a key is unknown, and which known one is nearest."""
    names = sorted(known)
    near = [name for name in names if "".join(part[0] for part in name.split("-")) == key]
    near += difflib.get_close_matches(key, names, 1, 0.6)
    near += [name for name in names if any(part.startswith(key) for part in name.split("-"))]
    advice = (
        f"did you mean {underscored(near[0])}?"
        if near
        else "expected one of " + ", ".join(underscored(name) for name in names)
    )
    return f"{subcommand}() has no key '{underscored(key)}': {advice}"


def dashed(key: str) -> str:
    """A key as the command spells it."""
    return key.replace("_", "-")


def underscored(key: str) -> str:
    """A key as Python spells it."""
    return key.replace("-", "_")


def dashed_keys(value: Any) -> Any:
    """A value with all keys of its mappings as the command spells them."""
    if isinstance(value, Mapping):
        return {dashed(str(key)): dashed_keys(member) for key, member in value.items()}
    if isinstance(value, list):
        return [dashed_keys(member) for member in value]
    return value


def plain(value: Any) -> Any:
    """A value in Python's own types: arrays become lists."""
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
        return np.asarray(value).tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, (Sequence, set, frozenset, range)) and not isinstance(value, str):
        return [plain(member) for member in value]
    return str(value) if isinstance(value, PathLike) else value


def text(value: Any) -> str:
    """A value as the text of an option."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        if all(isinstance(member, (int, float)) for member in value.values()):
            return ",".join(
                text(member) if name == "default" else f"{name}:{text(member)}"
                for name, member in sorted(value.items(), key=lambda item: item[0] != "default")
            )
        return json.dumps(dashed_keys(value), ensure_ascii=False)
    if isinstance(value, list):
        if any(isinstance(member, (list, Mapping)) for member in value):
            return json.dumps(dashed_keys(value), ensure_ascii=False)
        return ",".join(text(member) for member in value) or "none"
    return repr(value) if isinstance(value, float) else str(value)


def _needs_file(key: str, value: Any) -> bool:
    """Whether an experiment file can say it, and an option cannot, or not as well."""
    if isinstance(value, Mapping):
        return key not in {"replicas", "start"}
    return value == [] and key != "thresholds"


def _start(value: Any, scratch: Path) -> str:
    """A start: overlaps from a list, a Gram matrix, by way of a file, from a list of lists."""
    if isinstance(value, Mapping):
        value = value.get("overlaps", value.get("gram", value))
    if isinstance(value, list) and value and isinstance(value[0], list):
        path = scratch / "gram.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        return f"gram:{path}"
    if isinstance(value, list):
        return "overlaps:" + text(value)
    return text(value)


def _experiment(given: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = dashed_keys(plain(given))
    start = content.get("start")
    if isinstance(start, str) and start.startswith("gram:"):
        # The command looks beside the experiment file, which this one is not.
        content["start"] = f"gram:{Path(start[len('gram:') :]).absolute()}"
    return content
