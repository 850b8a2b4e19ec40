"""Reads a run's netCDF data set with xarray and its tables with pandas; every number must be the same.

Usage: round_trip.py RUN, a directory with exit_times.csv, exit_times.nc and the tables of an export.
"""

import sys

import numpy
import pandas
import xarray

run = sys.argv[1]
table = pandas.read_csv(f"{run}/exit_times.csv", float_precision="round_trip")
data = xarray.open_dataset(f"{run}/exit_times.nc")
names = numpy.array(data.outcome.attrs["flag_meanings"].split())


def same(first, second):
    """Whether two arrays of doubles agree in every bit."""
    first, second = (numpy.ascontiguousarray(x, dtype=float) for x in (first, second))
    return (first.view(numpy.int64) == second.view(numpy.int64)).all()


rows = 0
for (dynamics, threshold), group in table.groupby(["dynamics", "threshold"]):
    count = len(group)
    series = data.sel(dynamics=dynamics, threshold=threshold)
    seen = series.isel(replica=slice(0, count))
    exited = (group.outcome == "exited").to_numpy()
    times = group.exit_time.to_numpy()
    assert int(series.replicas) == count, "count"
    assert (names[seen.outcome.to_numpy().astype(int)] == group.outcome.to_numpy()).all(), "outcome"
    assert same(seen.exit_time.to_numpy()[exited], times[exited]), "exit times"
    assert numpy.isnan(seen.exit_time.to_numpy()[~exited]).all(), "no exit time when censored"
    assert same(seen.last_time.to_numpy()[~exited], times[~exited]), "times of censoring"
    assert numpy.isnan(seen.last_time.to_numpy()[exited]).all(), "no time of censoring after an exit"
    steps, expected = seen.exit_step.to_numpy(), group.exit_step.to_numpy(dtype=float)
    assert ((steps == expected) | (numpy.isnan(steps) & numpy.isnan(expected))).all(), "steps"
    assert numpy.isnan(series.exit_time.to_numpy()[count:]).all(), "fill values beyond the replicas"
    rows += count
assert rows == len(table), "every row"
assert dict(data.sizes)["replica"] == table.replica.max() + 1
for name in ["Conventions", "title", "source", "references", "seed", "generator", "experiment"]:
    assert data.attrs[name], name
for name, variable in data.variables.items():
    assert variable.attrs["long_name"], name

summary = pandas.read_csv(f"{run}/exit_time_summary.csv", float_precision="round_trip")
for entry in summary.itertuples():
    mine = table[(table.dynamics == entry.dynamics) & (table.threshold == entry.threshold)]
    assert len(mine) == entry.replicas
    assert (mine.outcome == "exited").sum() == entry.exited
    if not numpy.isnan(entry.mean):
        assert abs(mine.exit_time.mean() / entry.mean - 1) < 1e-12
# One dynamics alone has nothing to be compared with.
assert len(pandas.read_csv(f"{run}/comparisons.csv")) > 0 or len(set(table.dynamics)) == 1
print(f"{rows} rows agree")
