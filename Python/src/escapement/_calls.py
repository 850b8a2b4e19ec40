"""The command's subcommands as functions."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Optional, Union, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ._command import EscapementError, Interrupted, execute
from ._keys import Experiment, arguments
from ._runs import Comparison, Sample, Sweep, Trajectories, open_run, read_json, sample_of

Output = Optional[Union[str, "PathLike[str]"]]
Times = Union[Sample, xr.DataArray, npt.ArrayLike]


def compare(
    experiment: Experiment | None = None,
    *,
    output: Output = None,
    progress: bool | None = None,
    **keys: Any,
) -> Comparison:
    """Run the dynamics side by side and compare their exit times.

    Parameters
    ----------
    experiment : path or mapping, optional
        An experiment file, or its keys and values.
    output : path, optional
        Directory to keep the run in; without it nothing is left behind.
    progress : bool, optional
        Whether to show elapsed time (default: in a notebook or on a terminal, where tqdm is).
    **keys
        Options of ``escapement compare`` with underscores: ``dimension=1000, learning_rate=0.1,
        thresholds=[0.01, 0.5], replicas={"default": 2000, "sgd": 150}``. They win over the
        experiment. A start is "random", a list of overlaps or a Gram matrix.

    Returns
    -------
    Comparison
        An `xarray.Dataset` with ``exit_time(dynamics, threshold, replica)``.

    Raises
    ------
    EscapementError
        With the command's line: a key that it does not have, a value that it does not take.
    Interrupted
        After Ctrl-C: finished replicas are saved, and `resume` goes on.
    """
    return cast(Comparison, _run("compare", experiment, output, progress, keys))


def trajectories(
    experiment: Experiment | None = None,
    *,
    output: Output = None,
    progress: bool | None = None,
    **keys: Any,
) -> Trajectories:
    """Follow risk and overlaps along time, past the exit.

    Parameters and exceptions are those of `compare`; the keys ``times``, ``columns``, ``paths`` and
    ``quantiles`` are there besides. Without ``paths`` and ``quantiles`` all paths are returned.

    Returns
    -------
    Trajectories
        An `xarray.Dataset` with ``risk(dynamics, replica, time)``.
    """
    return cast(Trajectories, _run("trajectories", experiment, output, progress, keys))


def sweep(
    experiment: Experiment | None = None,
    *,
    output: Output = None,
    progress: bool | None = None,
    **keys: Any,
) -> Sweep:
    """Run a grid of experiments: keys with a list of values span it.

    Parameters and exceptions are those of `compare`. An experiment may have the keys ``sweep``,
    ``cases`` and ``overrides``.

    Returns
    -------
    Sweep
        A `pandas.DataFrame` with a row for each point, dynamics and exit rule.
    """
    return cast(Sweep, _run("sweep", experiment, output, progress, keys))


def resume(
    directory: str | PathLike[str], *, threads: int | None = None, progress: bool | None = None
) -> Comparison | Trajectories | Sweep:
    """Finish a run that was interrupted, and return it.

    Parameters
    ----------
    directory : path
        The run's directory, as ``output`` named it, or `Interrupted.directory`.
    threads : int, optional
        Threads (default: all cores).
    progress : bool, optional
        As for `compare`.

    Returns
    -------
    Comparison, Trajectories or Sweep
        The same numbers as from a run that never stopped.
    """
    place = Path(directory)
    grid = place / "sweep.yaml"
    made = ["sweep", str(grid), f"--output={place}"] if grid.exists() else ["resume", str(place)]
    if threads is not None:
        made.append(f"--threads={threads}")
    if not place.is_dir():
        raise EscapementError(f"'{place}' is no directory, expected one that a run has begun", 65)
    _fill(made, place, progress)
    return open_run(place)


def theory(experiment: Experiment | None = None, **keys: Any) -> dict[str, Any]:
    """Ask for the closed forms, without simulation.

    Returns
    -------
    dict
        ``growth_rate``, ``critical_learning_rate``, ``annealed_exit_time`` by threshold, …; None
        where no closed form is known.
    """
    return _ask("theory", experiment, keys)


def law(experiment: Experiment | None = None, **keys: Any) -> xr.Dataset:
    """Solve for the law of the SDE's exit time at p = 1, without simulation.

    Returns
    -------
    Dataset
        ``mean``, ``standard_deviation``, … by threshold, those of the linearised SDE behind
        ``linearised_``; ``quantiles(threshold, quantile)``; and ``survival(threshold, point)`` at
        ``time(threshold, point)``, NaN past each law's last.
    """
    document = _ask("law", experiment, keys)
    laws = document["laws"]
    levels = sorted({level for one in laws for level in one["quantiles"]})
    length = max(len(one["survival"]) for one in laws)
    curves = np.full((len(laws), length, 2), np.nan)
    for place, one in enumerate(laws):
        curves[place, : len(one["survival"])] = one["survival"]
    rows = pd.DataFrame(_flat([{**one, "quantiles": None, "threshold": None} for one in laws]))
    numbers = {
        str(name): ("threshold", rows[name].to_numpy(float))
        for name in rows
        if rows[name].notna().any() and all(_is_number(value) for value in rows[name])
    }
    quantiles = [[one["quantiles"].get(level) for level in levels] for one in laws]
    return xr.Dataset(
        {
            **numbers,
            "quantiles": (("threshold", "quantile"), np.array(quantiles, dtype=float)),
            "survival": (("threshold", "point"), curves[:, :, 1]),
        },
        {
            "threshold": [one["threshold"] for one in laws],
            "quantile": levels,
            "time": (("threshold", "point"), curves[:, :, 0], {"long_name": "time τ"}),
        },
        {key: value for key, value in document.items() if isinstance(value, (str, int, float))},
    )


def plateau(
    experiment: Experiment | None = None, *, progress: bool | None = None, **keys: Any
) -> pd.DataFrame:
    """Find the excess risk at long times, by the ODE's fixed point and the chain's averages.

    Returns
    -------
    DataFrame
        A row for each point of the grid and method; ``stability`` and ``averages`` are parted into
        columns such as ``stability_verdict``.
    """
    document = _ask("plateau", experiment, keys, progress)
    return pd.DataFrame(_flat(document["plateaus"]))


def test(
    first: Times,
    second: Times,
    *,
    censored: tuple[npt.ArrayLike | None, npt.ArrayLike | None] = (None, None),
    **keys: Any,
) -> dict[str, Any]:
    """Test whether two samples of exit times have one law, and compare their means.

    Parameters
    ----------
    first, second : array, DataArray or Sample
        Exit times, from anywhere. NaN is censored at the sample's largest. A selection of a
        `Comparison`'s ``exit_time``, and what its method ``sample`` returns, know their censoring.
    censored : pair of arrays of bool, optional
        Where a time is the last that was seen without exit.
    **keys
        Options of ``escapement test``: ``paired=True``, ``margin=0.05``, ``seed=1``.

    Returns
    -------
    dict
        ``tests``, each with ``statistic`` and ``p_value``; ``wasserstein``; ``mean_ratio``.
    """
    with tempfile.TemporaryDirectory(prefix="escapement-") as scratch:
        made = arguments("test", keys, None, Path(scratch))
        for place, (times, mask) in enumerate(zip((first, second), censored)):
            path = Path(scratch) / f"{('first', 'second')[place]}.csv"
            _write_sample(path, times, mask)
            made.append(str(path))
        return read_json(execute([*made, "--format=json"], progress=False))


def _write_sample(path: Path, times: Times, censored: npt.ArrayLike | None) -> None:
    if isinstance(times, xr.DataArray) and {"outcome", "last_time"} <= set(times.coords):
        times = sample_of(times)
    if isinstance(times, Sample):
        if censored is not None:
            raise ValueError(f"{path.stem}: the times know their censoring, expected no mask")
        times, censored = times
    values = np.asarray(times, dtype=float)
    mask = np.isnan(values) if censored is None else np.asarray(censored, dtype=bool)
    if values.ndim != 1 or mask.shape != values.shape:
        raise ValueError(
            f"{path.stem}: found times of shape {values.shape} and a mask of {mask.shape}, "
            "expected one dimension and as many in both"
        )
    missing = np.isnan(values)
    if missing.all():
        raise ValueError(f"{path.stem}: found no time, expected one at least")
    # As a file without a word on outcomes is read: a missing time is censored at the largest.
    values = np.where(missing, np.nanmax(values), values)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["exit_time", "outcome"])
        for time, lost in zip(values.tolist(), (mask | missing).tolist()):
            writer.writerow([repr(time), "censored" if lost else "exited"])


def _run(
    subcommand: str,
    experiment: Experiment | None,
    output: Output,
    progress: bool | None,
    keys: Mapping[str, Any],
) -> Comparison | Trajectories | Sweep:
    """Run a subcommand that fills a directory, and read that."""
    with tempfile.TemporaryDirectory(prefix="escapement-") as scratch:
        made = arguments(subcommand, keys, experiment, Path(scratch))
        with _directory(output) as place:
            _fill([*made, f"--output={place}"], place, progress)
            return open_run(place)


def _fill(made: list[str], place: Path, progress: bool | None) -> None:
    def finished() -> int:
        return sum(1 for _ in place.glob("points/*/summary.json"))

    counts = finished if made[0] == "sweep" else None
    execute([*made, "--format=json"], directory=place, progress=progress, finished=counts)


@contextmanager
def _directory(output: Output) -> Iterator[Path]:
    """The directory named, or one for the time being, which stays after an interruption."""
    if output is not None:
        yield Path(output)
        return
    outer = Path(tempfile.mkdtemp(prefix="escapement-run-"))
    try:
        yield outer / "run"
    except Interrupted:
        raise
    except BaseException:
        shutil.rmtree(outer, ignore_errors=True)
        raise
    shutil.rmtree(outer, ignore_errors=True)


def _ask(
    subcommand: str,
    experiment: Experiment | None,
    keys: Mapping[str, Any],
    progress: bool | None = None,
) -> dict[str, Any]:
    """Run a subcommand that answers with one document."""
    with tempfile.TemporaryDirectory(prefix="escapement-") as scratch:
        made = arguments(subcommand, keys, experiment, Path(scratch))
        return read_json(execute([*made, "--format=json"], progress=progress))


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _flat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose mappings are parted into columns."""
    parted = {key for row in rows for key, value in row.items() if isinstance(value, Mapping)}
    flat = []
    for row in rows:
        columns = {key: value for key, value in row.items() if key not in parted}
        for key in sorted(row.keys() & parted):
            members = row[key] or {}
            columns.update({f"{key}_{name}": member for name, member in members.items()})
        flat.append(columns)
    return flat
