"""Finished runs: exit times, trajectories, sweeps."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from . import _plot
from ._command import EscapementError, execute

#: Numbers of each dynamics and exit rule, which are there even where none has a value.
SUMMARY = (
    "exited",
    "censored",
    "diverged",
    "mean",
    "restricted_mean",
    "standard_error",
    "standard_deviation",
    "mean_samples",
)
OUTCOMES = {-1: "absent", 0: "exited", 1: "censored", 2: "diverged"}


class Sample(NamedTuple):
    """Exit times of one dynamics by one exit rule, of the replicas that there are.

    Attributes
    ----------
    times : array
        Exit times in τ; the last time seen of a replica that did not exit.
    censored : array of bool
        Whether the replica did not exit, by the horizon or at all.
    """

    times: npt.NDArray[np.float64]
    censored: npt.NDArray[np.bool_]


class _Run(xr.Dataset):
    """A data set of a run that holds its summary too."""

    __slots__ = ()

    @property
    def summary(self) -> dict[str, Any]:
        """The content of summary.json; thresholds and probabilities that are keys are numbers."""
        return read_json(str(self.attrs["summary"]))

    @property
    def experiment(self) -> dict[str, Any]:
        """The experiment with all defaults filled in, as keys of an experiment file."""
        return dict(self.summary["experiment"])


class Comparison(_Run):
    """Exit times of the dynamics side by side, with their statistics: an `xarray.Dataset`.

    ``exit_time(dynamics, threshold, replica)`` is NaN where a replica did not exit. It carries the
    coordinates ``outcome`` (0 exited, 1 censored, 2 diverged, -1 absent: the dynamics has fewer
    replicas), ``last_time`` and ``criterion``. Statistics have the dimensions dynamics and
    threshold: ``mean``, ``restricted_mean``, ``standard_error``, ``quantiles``, … It is
    ``run["mean"]``, since ``run.mean`` is xarray's method.
    """

    __slots__ = ()

    def verdicts(self) -> pd.DataFrame:
        """Tabulate the comparisons: a row for each pair of dynamics and exit rule."""
        return verdicts(self)

    def sample(
        self, dynamics: str, threshold: float | None = None, criterion: str = "risk"
    ) -> Sample:
        """Take the exit times of one dynamics by one exit rule, the first one by default."""
        return sample(self, dynamics, self.rule(threshold, criterion))

    def rule(self, threshold: float | None = None, criterion: str = "risk") -> int:
        """Find the place of an exit rule along the dimension threshold."""
        return rule(self, threshold, criterion)

    @property
    def plot(self) -> _plot.ComparisonPlots:  # type: ignore[override]
        """Draw the standard figures; xarray's own plots are there too."""
        return _plot.ComparisonPlots(self)


class Trajectories(_Run):
    """Risk and overlaps against time: an `xarray.Dataset`.

    ``risk(dynamics, replica, time)``, and what else was asked for, of single paths; over all
    replicas ``risk_mean(dynamics, time)`` and ``risk_quantile(dynamics, quantile, time)``.
    """

    __slots__ = ()

    @property
    def plot(self) -> _plot.TrajectoryPlots:  # type: ignore[override]
        """Draw the standard figures; xarray's own plots are there too."""
        return _plot.TrajectoryPlots(self)


class Sweep(pd.DataFrame):
    """A grid of experiments: a row for each point, dynamics and exit rule: a `pandas.DataFrame`.

    Columns are those of sweep.csv, with underscores.

    Attributes
    ----------
    verdicts : DataFrame
        A row for each point, pair of dynamics and exit rule.
    fits : dict
        What was fitted over the grid.
    """

    _metadata: ClassVar[list[str]] = ["verdicts", "fits"]
    verdicts: pd.DataFrame
    fits: dict[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Sweep:
        """Read the document sweep.json."""
        grid = cls(_underscored(document["exit_times"]))
        verdicts = pd.DataFrame(_underscored(document["verdicts"]))
        # pandas would take it for a column.
        object.__setattr__(grid, "verdicts", verdicts)
        object.__setattr__(grid, "fits", numeric_keys(document["fits"]))
        return grid

    @property
    def plot(self) -> _plot.SweepPlots:
        """Draw the standard figures; pandas' own plots are there too."""
        return _plot.SweepPlots(self)


def open_run(directory: str | PathLike[str]) -> Comparison | Trajectories | Sweep:
    """Read a directory that the command has filled.

    Parameters
    ----------
    directory : path
        What ``output`` or ``--output`` named.

    Returns
    -------
    Comparison, Trajectories or Sweep
        The same as the function returns that ran it.

    Raises
    ------
    EscapementError
        Where the directory does not hold a finished run.
    """
    place = Path(directory)
    if not place.is_dir():
        raise EscapementError(f"'{place}' is no directory, expected one that a run has filled", 65)
    with tempfile.TemporaryDirectory(prefix="escapement-") as scratch:
        is_sweep = (place / "sweep.yaml").exists()
        _export(place, "json" if is_sweep else "netcdf", scratch)
        if is_sweep:
            return Sweep.of(json.loads((Path(scratch) / "sweep.json").read_text("utf-8")))
        times, paths = Path(scratch) / "exit_times.nc", Path(scratch) / "trajectories.nc"
        with xr.open_dataset(times if times.exists() else paths) as opened:
            data = opened.load()
        summary = (place / "summary.json").read_text("utf-8")
        return comparison(data, summary) if times.exists() else _trajectories(data, summary)


def _underscored(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose columns are named as keys are in Python."""
    return [{key.replace("-", "_"): value for key, value in row.items()} for row in rows]


def _export(directory: Path, form: str, scratch: str) -> None:
    execute(["export", str(directory), "--to", form, "--output", scratch], progress=False)


def comparison(data: xr.Dataset, summary: str) -> Comparison:
    """Put exit times and their summary together."""
    data = data.copy()
    outcome = data["outcome"].fillna(-1).astype(np.int8)
    outcome.attrs = {
        "long_name": "how the replica ended; absent: the dynamics has fewer replicas",
        "flag_values": np.array(list(OUTCOMES), np.int8),
        "flag_meanings": " ".join(OUTCOMES.values()),
    }
    outcome.encoding = {}
    data["outcome"] = outcome
    data = data.set_coords([name for name in ("outcome", "last_time") if name in data])
    document = json.loads(summary)
    places = {name: place for place, name in enumerate(data["dynamics"].values.tolist())}
    rules = {
        key: place
        for place, key in enumerate(
            zip(data["criterion"].values.tolist(), data["threshold"].values.tolist())
        )
    }
    rows = [
        (places[row["dynamics"]], rules[row.get("criterion", "risk"), row["threshold"]], row)
        for row in document["exit_times"]
    ]
    shape = (len(places), len(rules))
    names = list(SUMMARY) + sorted({name for *_, row in rows for name in row} - set(SUMMARY))
    for name in names:
        values = [row.get(name) for *_, row in rows]
        if name in data.variables or not all(_is_scalar(value) for value in values):
            continue
        if any(isinstance(value, str) for value in values):
            column: npt.NDArray[Any] = np.full(shape, "", dtype=object)
        elif name in {"exited", "censored", "diverged"}:
            column = np.zeros(shape, dtype=np.int64)
        else:
            column = np.full(shape, np.nan)
        for (i, j, _), value in zip(rows, values):
            if value is not None:
                column[i, j] = value
        data[name] = (("dynamics", "threshold"), column)
    levels = sorted({float(level) for *_, row in rows for level in row["quantiles"] or {}})
    quantiles = np.full((*shape, len(levels)), np.nan)
    for i, j, row in rows:
        for level, value in (row["quantiles"] or {}).items():
            quantiles[i, j, levels.index(float(level))] = np.nan if value is None else value
    data = data.assign_coords(quantile=levels)
    data["quantiles"] = (("dynamics", "threshold", "quantile"), quantiles)
    data.attrs["summary"] = summary
    return Comparison(data.data_vars, data.coords, data.attrs)


def _trajectories(data: xr.Dataset, summary: str) -> Trajectories:
    data.attrs["summary"] = summary
    return Trajectories(data.data_vars, data.coords, data.attrs)


def rule(run: xr.Dataset, threshold: float | None, criterion: str) -> int:
    """Find the place of an exit rule along the dimension threshold.

    Raises
    ------
    KeyError
        Where the run has no such rule.
    """
    rules = list(zip(run["criterion"].values.tolist(), run["threshold"].values.tolist()))
    for place, (watched, level) in enumerate(rules):
        if watched == criterion and (threshold is None or np.isclose(level, threshold, 1e-12, 0)):
            return place
    if threshold is None and criterion == "risk":
        return 0
    asked = criterion if threshold is None else f"{criterion} at {threshold:g}"
    there = ", ".join(f"{watched} at {level:g}" for watched, level in rules)
    raise KeyError(f"no exit by {asked}, expected one of {there}")


def sample(run: xr.Dataset, dynamics: str, place: int) -> Sample:
    """Take the exit times of one dynamics by the exit rule at a place."""
    series = run["exit_time"].sel(dynamics=dynamics).isel(threshold=place)
    return sample_of(series)


def sample_of(series: xr.DataArray) -> Sample:
    """Take the exit times of a selection of `exit_time`, which carries outcomes and last times."""
    outcome = np.ravel(series["outcome"].values)
    there = outcome >= 0
    times = np.where(outcome == 0, np.ravel(series.values), np.ravel(series["last_time"].values))
    return Sample(times[there], (outcome != 0)[there])


def verdicts(run: xr.Dataset) -> pd.DataFrame:
    """Tabulate the comparisons: a row for each pair of dynamics and exit rule.

    Parameters
    ----------
    run : Dataset
        What `compare` returned, or what is left of it after selections.

    Returns
    -------
    DataFrame
        The ratio of mean exit times, ``mean_ratio``, from ``mean_ratio_lower`` to
        ``mean_ratio_upper`` (95%); ``margin`` and ``verdict``; the p-value ``…_p`` of each test.
    """
    rows = [_verdict(pair) for pair in json.loads(run.attrs["summary"])["comparisons"]]
    return pd.DataFrame(rows)


def _verdict(pair: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {key: value for key, value in pair.items() if _is_scalar(value)}
    for key, value in pair.items():
        if isinstance(value, Mapping) and "estimate" in value:
            row[key] = value["estimate"]
            row[f"{key}_lower"], row[f"{key}_upper"] = value.get("interval") or (None, None)
    ratio = pair.get("mean_ratio") or {}
    known = {"estimate", "interval"}
    row.update(
        {key: value for key, value in ratio.items() if key not in known and _is_scalar(value)}
    )
    for test, result in (pair.get("tests") or {}).items():
        row[f"{test}_p"] = (result or {}).get("p_value")
    front = ["first", "second", "criterion", "threshold", "paired", "verdict"]
    front += ["mean_ratio", "mean_ratio_lower", "mean_ratio_upper", "margin"]
    return {key: row[key] for key in front if key in row} | row


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def read_json(text: str) -> dict[str, Any]:
    """Read a document of the command, numbers among its keys as numbers."""
    document: dict[str, Any] = numeric_keys(json.loads(text))
    return document


def numeric_keys(value: Any) -> Any:
    """Make keys of mappings numbers, where all are: thresholds, probabilities."""
    if isinstance(value, Mapping):
        return dict(zip(_numbers(value), (numeric_keys(member) for member in value.values())))
    if isinstance(value, list):
        return [numeric_keys(member) for member in value]
    return value


def _numbers(keys: Iterable[str]) -> Sequence[Any]:
    names = list(keys)
    try:
        return [float(name) for name in names]
    except ValueError:
        return names
