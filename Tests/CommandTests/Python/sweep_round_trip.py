"""Compares the tables of a sweep with its data set and its document, bit for bit.

Usage: sweep_round_trip.py SWEEP
"""

import json
import pathlib
import sys

import numpy as np
import pandas as pd
import xarray as xr

place = pathlib.Path(sys.argv[1])
data = xr.open_dataset(place / "sweep.nc", mask_and_scale=False)
document = json.loads((place / "sweep.json").read_text())
assert document["schema"] == "escapement/sweep-run/1"
assert document["fits"] == json.loads((place / "fits.json").read_text())
assert document["sweep"] == data.attrs["sweep"] == (place / "sweep.yaml").read_text()


def same(first, second):
    """Whether two values are one: the same bits, or nothing on both sides."""
    nothing = [value is None or value != value for value in (first, second)]
    return all(nothing) if any(nothing) else first == second


def compare(name, key, dimension, labels):
    table = pd.read_csv(place / name, float_precision="round_trip", dtype={"seed": "uint64"})
    assert len(table) == len(document[key]) > 0
    marks = list(zip(data.criterion.values, data.threshold.values))
    compared = 0
    for (_, row), entry in zip(table.iterrows(), document[key]):
        assert list(entry) == list(table.columns)
        index = {"point": list(data.point.values).index(row.point),
                 dimension: labels.index(tuple(row[part] for part in columns[dimension])),
                 "threshold": marks.index((row.criterion, row.threshold))}
        for column in table.columns:
            value = row[column]
            assert same(value, entry[column]), (column, value, entry[column])
            if column in ("criterion", "threshold", *columns[dimension]):
                continue
            variable = data[column.replace("-", "_")]
            cell = variable.isel({axis: index[axis] for axis in variable.dims}).item()
            if "flag_meanings" in variable.attrs:
                words = variable.attrs["flag_meanings"].split()
                cell = words[cell] if cell >= 0 else None
                value = str(value).lower() if isinstance(value, (bool, np.bool_)) else value
            if column == "seed":
                cell = int(cell)
            assert same(value, cell), (column, value, cell)
            compared += 1
    return compared


columns = {"dynamics": ["dynamics"], "pair": ["first", "second"]}
count = compare("sweep.csv", "exit_times", "dynamics", [(kind,) for kind in data.dynamics.values])
count += compare("verdicts.csv", "verdicts", "pair", list(zip(data["first"].values, data["second"].values)))
print(f"{count} values are the same")
