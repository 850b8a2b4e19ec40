"""Reads trajectories' netCDF data set with xarray and tables with pandas; every number must be the same.

Usage: trajectory_round_trip.py RUN, a directory with trajectories.csv, bands.csv, trajectories.nc and
trajectories.json.
"""

import json
import sys

import numpy
import pandas
import xarray

run = sys.argv[1]
paths = pandas.read_csv(f"{run}/trajectories.csv", float_precision="round_trip")
bands = pandas.read_csv(f"{run}/bands.csv", float_precision="round_trip")
data = xarray.open_dataset(f"{run}/trajectories.nc")
document = json.load(open(f"{run}/trajectories.json", encoding="utf-8"))
times = data.time.values


def require_same(first, second, name):
    """Two arrays of doubles agree in every bit, or both have no number there."""
    first, second = (numpy.ascontiguousarray(x, dtype=float) for x in (first, second))
    missing = numpy.isnan(first)
    assert (missing == numpy.isnan(second)).all(), f"{name}: what is missing"
    assert (first[~missing].view(numpy.int64) == second[~missing].view(numpy.int64)).all(), name


columns = list(paths.columns[3:])
for (dynamics, replica), group in paths.groupby(["dynamics", "replica"]):
    require_same(group.time, times, "times")
    mine = data.sel(dynamics=dynamics, replica=replica)
    entry = next(entry for entry in document["paths"]
                 if entry["dynamics"] == dynamics and entry["replica"] == replica)
    assert list(entry["columns"]) == columns, "columns"
    for name in columns:
        require_same(group[name], mine[name], f"{name} of {dynamics} {replica}")
        numbers = numpy.array(entry["columns"][name], dtype=float)
        require_same(group[name], numbers, f"{name} of {dynamics} {replica} in JSON")
assert len(paths) == len(document["paths"]) * len(times), "every row"
counts = paths.groupby("dynamics").replica.nunique()
for dynamics, count in counts.items():
    rest = data.risk.sel(dynamics=dynamics).isel(replica=slice(int(count), None))
    assert numpy.isnan(rest).all(), "fill values beyond the paths"

for dynamics, group in bands.groupby("dynamics"):
    mine = data.sel(dynamics=dynamics)
    assert (group.replicas == int(mine.replicas)).all(), "count"
    require_same(group.time, times, "times")
    for name, variable in [("diverged", "diverged"), ("mean", "risk_mean"),
                           ("standard_error", "risk_standard_error")]:
        require_same(group[name], mine[variable], name)
    for level in data["quantile"].values:
        require_same(group[f"quantile_{level}"], mine.risk_quantile.sel(quantile=level), "quantile")
assert len(bands) == data.sizes["dynamics"] * len(times), "every row"
assert document["summary"]["times"] == list(times), "times"
for name in ["Conventions", "title", "source", "references", "seed", "generator", "experiment"]:
    assert data.attrs[name], name
for name, variable in data.variables.items():
    assert variable.attrs["long_name"], name
print(f"{len(paths) + len(bands)} rows agree")
