from __future__ import annotations

import csv
import json
import subprocess

import numpy as np
import pytest

import escapement


def answer(command, *words):
    printed = subprocess.run([command, *words, "--format", "json"], capture_output=True, check=True)
    return json.loads(printed.stdout)


def test_theory_is_that_of_the_command(command):
    theory = escapement.theory(dimension=300, learning_rate=0.1)
    expected = answer(command, "theory", "--dimension", "300", "--learning-rate", "0.1")
    assert theory.keys() == expected.keys()
    assert theory["growth_rate"] == expected["growth_rate"]
    times = {float(level): time for level, time in expected["annealed_exit_time"].items()}
    assert theory["annealed_exit_time"] == times


def test_the_law_is_that_of_the_command(command):
    law = escapement.law(dimension=100, learning_rate=0.1, start=[0.1], thresholds=[0.1, 0.5])
    options = "--dimension 100 --learning-rate 0.1 --start overlaps:0.1 --thresholds 0.1,0.5"
    laws = answer(command, "law", *options.split())["laws"]
    assert law.threshold.values.tolist() == [0.1, 0.5]
    for one in laws:
        chosen = law.sel(threshold=one["threshold"])
        assert float(chosen["mean"]) == one["mean"]
        assert float(chosen["linearised_mean"]) == one["linearised"]["mean"]
        assert float(chosen["quantiles"].sel(quantile=0.5)) == one["quantiles"]["0.5"]
        curve = np.array(one["survival"])
        np.testing.assert_array_equal(chosen.time[: len(curve)], curve[:, 0])
        np.testing.assert_array_equal(chosen.survival[: len(curve)], curve[:, 1])
        # The mean of a positive time is the integral of its survival.
        steps = np.diff(curve[:, 0]) * (curve[1:, 1] + curve[:-1, 1]) / 2
        assert steps.sum() == pytest.approx(one["mean"], rel=1e-3)


def test_plateaus_are_rows():
    table = escapement.plateau(
        dimension=300, learning_rate=0.1, label_noise=[0.01, 0.1], dynamics="ode"
    )
    assert table.label_noise.tolist() == [0.01, 0.1]
    assert table.stability_verdict.tolist() == ["stable", "stable"]
    np.testing.assert_allclose(table.excess_risk, 0.1 * table.label_noise / 0.4, rtol=1e-9)


def test_every_path_is_the_one_of_the_command(paths, command):
    options = (
        "--dimension 100 --learning-rate 0.1 --replicas 12 --dynamics chain,sde "
        "--times 0.1,1,2,4 --quantiles 0.25,0.5,0.75 --paths 5"
    )
    document = answer(command, "trajectories", *options.split())
    assert len(document["paths"]) == 10
    for path in document["paths"]:
        one = paths.sel(dynamics=path["dynamics"], replica=path["replica"])
        for column, values in path["columns"].items():
            np.testing.assert_array_equal(one[column], values)
    for band in document["bands"]:
        bands = paths.sel(dynamics=band["dynamics"])
        np.testing.assert_array_equal(bands.risk_mean, band["mean"])
        for level, values in band["quantiles"].items():
            np.testing.assert_array_equal(bands.risk_quantile.sel(quantile=float(level)), values)
    assert paths.experiment["dimension"] == 100


def test_every_row_of_a_sweep_is_the_one_of_its_files(grid, swept):
    for table, name in [(grid, "sweep.csv"), (grid.verdicts, "verdicts.csv")]:
        with (swept / name).open() as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(table) > 0
        for row, one in zip(rows, table.to_dict("records")):
            assert [key.replace("-", "_") for key in row] == list(one)
            for key, text in row.items():
                value = one[key.replace("-", "_")]
                if isinstance(value, str):
                    assert value == text
                elif isinstance(value, (bool, np.bool_)):
                    assert str(value).lower() == text
                elif text == "":
                    assert value is None or np.isnan(value)
                else:
                    # Seeds are larger than a Double holds.
                    assert value == type(value)(text)
    assert grid.seed.nunique() == 4
    assert set(grid.dimension) == {50, 100}
    assert grid.fits.keys() == json.loads((swept / "fits.json").read_text()).keys()


def test_open_run_knows_sweeps(grid, swept):
    again = escapement.open_run(swept)
    assert isinstance(again, escapement.Sweep)
    assert again.equals(grid)
    assert again.verdicts.equals(grid.verdicts)
    point = escapement.open_run(swept / "points" / "0001")
    assert float(point["mean"].sel(dynamics="chain", threshold=0.5)) == grid["mean"][0]
