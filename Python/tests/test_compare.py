from __future__ import annotations

import csv
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import escapement

STATISTICS = ["mean", "restricted_mean", "standard_error", "standard_deviation", "mean_samples"]


def number(text: str | float | None) -> float:
    return np.nan if text in ("", None) else float(text)


def test_every_replica_is_the_one_in_exit_times_csv(run, directory):
    outcomes = dict(zip(run.outcome.flag_meanings.split(), run.outcome.flag_values))
    rows = 0
    with (directory / "exit_times.csv").open() as file:
        for row in csv.DictReader(file):
            rows += 1
            one = run.exit_time.sel(
                dynamics=row["dynamics"],
                threshold=float(row["threshold"]),
                replica=int(row["replica"]),
            )
            time = float(row["exit_time"])
            assert int(one.outcome) == outcomes[row["outcome"]]
            if row["outcome"] == "exited":
                assert float(one) == time
            else:
                assert np.isnan(one)
                assert float(one.last_time) == time
    # Of the ODE's replicas those from 20 on are not there.
    assert rows == 2 * (60 + 60 + 20)
    assert (run.outcome.values >= 0).sum() == rows
    assert (run.outcome.sel(dynamics="ode").values[:, 20:] == outcomes["absent"]).all()
    assert {0, 1} <= set(run.outcome.values.ravel())


def test_every_statistic_is_the_one_in_summary_json(run, directory):
    document = json.loads((directory / "summary.json").read_text())
    assert len(document["exit_times"]) == 6
    for row in document["exit_times"]:
        one = run.sel(dynamics=row["dynamics"], threshold=row["threshold"])
        for name in STATISTICS:
            np.testing.assert_equal(float(one[name]), number(row.get(name)))
        for name in ["exited", "censored", "diverged", "replicas"]:
            assert int(one[name]) == row[name]
        for level, value in row["quantiles"].items():
            np.testing.assert_equal(
                float(one["quantiles"].sel(quantile=float(level))), number(value)
            )


def test_verdicts_are_the_comparisons_of_the_command(run, command):
    options = (
        "--dimension 100 --width 2 --learning-rate 0.1 --replicas 60,ode:20 --horizon 1.0 --seed 7"
    )
    printed = subprocess.run(
        [command, "compare", *options.split(), "--format", "json"], capture_output=True, check=True
    )
    pairs = json.loads(printed.stdout)["comparisons"]
    table = run.verdicts()
    assert len(table) == len(pairs) == 6
    for pair, row in zip(pairs, table.to_dict("records")):
        for key in ["first", "second", "criterion", "threshold", "paired"]:
            assert row[key] == pair[key]
        for key in ["verdict", "margin"]:
            assert row[key] == pair["mean_ratio"][key]
        for key in ["mean_ratio", "wasserstein"]:
            assert row[key] == pair[key]["estimate"]
            assert [row[f"{key}_lower"], row[f"{key}_upper"]] == pair[key]["interval"]
        for test, result in pair["tests"].items():
            np.testing.assert_equal(number(row[f"{test}_p"]), number(result["p_value"]))


def test_the_experiment_and_where_it_comes_from_are_there(run):
    assert run.experiment["dimension"] == 100
    assert run.experiment["replicas"] == {"chain": 60, "ode": 20, "sde": 60}
    assert run.summary["provenance"]["seed"] == 7
    assert run.summary["theory"]["annealed_exit_time"].keys() == {0.01, 0.5}


def test_open_run_gives_the_same(run, directory):
    opened = escapement.open_run(directory)
    assert type(opened) is type(run)
    xr.testing.assert_identical(opened, run)


def test_selections_stay_comparisons(run):
    chosen = run.sel(dynamics=["chain", "sde"])
    assert isinstance(chosen, escapement.Comparison)
    assert len(chosen.verdicts()) == len(escapement.verdicts(run))


def test_a_run_survives_netcdf(run, tmp_path):
    run.to_netcdf(tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc") as data:
        np.testing.assert_array_equal(data.exit_time, run.exit_time)
        assert escapement.verdicts(data).equals(run.verdicts())


def test_samples_leave_out_the_absent_and_keep_the_censored(run):
    times, censored = run.sample("ode", 0.5)
    assert len(times) == len(censored) == 20
    assert censored.sum() == int(run["censored"].sel(dynamics="ode", threshold=0.5)) > 0
    assert (times[censored] <= 1.0).all()
    with pytest.raises(KeyError, match=r"no exit by risk at 0\.3, expected one of risk at 0\.01"):
        run.sample("ode", 0.3)


def test_rules_of_other_criteria_have_a_place_of_their_own():
    run = escapement.compare(
        dimension=100,
        learning_rate=0.1,
        width=2,
        replicas=8,
        dynamics="chain",
        thresholds=[0.5],
        overlap_thresholds=[0.5],
    )
    assert run.threshold.values.tolist() == [0.5, 0.5]
    for criterion in ["risk", "overlap-1"]:
        place = run.criterion.values.tolist().index(criterion)
        assert run.rule(0.5, criterion) == run.rule(None, criterion) == place
        times, _ = run.sample("chain", 0.5, criterion)
        np.testing.assert_array_equal(times, run.exit_time.values[0, place])
        assert float(run["mean"][0, place]) == pytest.approx(times.mean())
    assert run.verdicts().empty


def test_without_output_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run = escapement.compare(dimension=50, width=2, learning_rate=0.1, replicas=4, dynamics="chain")
    assert run.sizes["replica"] == 4
    assert list(tmp_path.iterdir()) == []


def test_the_same_numbers_come_from_keys_a_mapping_and_a_file(tmp_path):
    keys = {"dimension": 50, "learning_rate": 0.1, "replicas": 4, "dynamics": ["chain"], "width": 2}
    file = tmp_path / "experiment.yaml"
    file.write_text("dimension: 77\nwidth: 2\nlearning-rate: 0.1\nreplicas: 4\ndynamics: chain\n")
    one = escapement.compare(**keys)
    for other in [escapement.compare(keys), escapement.compare(file, dimension=50)]:
        np.testing.assert_array_equal(one.exit_time, other.exit_time)


def test_starts_networks_and_targets_are_python_values():
    gram = np.array([[1, 0.2], [0.2, 1]])
    run = escapement.compare(
        dimension=50,
        learning_rate=0.001,
        replicas={"chain": 4},
        dynamics="chain",
        start=gram,
        activation={"hermite": [0, 0, 1]},
        target={"hermite_terms": [{"coefficient": 1, "degrees": [2]}]},
        finite_size_drift=False,
        thresholds=[0.99],
    )
    experiment = run.experiment
    assert experiment["start"] == {"gram": gram.tolist()}
    assert experiment["activation"] == {"hermite": [0, 0, 1]}
    assert experiment["target"] == {"hermite-terms": [{"coefficient": 1, "degrees": [2]}]}
    assert experiment["replicas"] == {"chain": 4}
    assert experiment["finite-size-drift"] is False


def test_a_gram_file_is_found_from_where_python_runs(tmp_path, monkeypatch):
    (tmp_path / "start.json").write_text("[[1, 0.2], [0.2, 1]]")
    monkeypatch.chdir(tmp_path)
    keys = {"dimension": 50, "learning_rate": 0.1, "replicas": 2, "dynamics": "chain"}
    keys["thresholds"] = 0.5
    for run in [
        escapement.compare({**keys, "start": "gram:start.json"}),
        escapement.compare(**keys, start="gram:start.json"),
    ]:
        assert run.experiment["start"] == {"gram": [[1, 0.2], [0.2, 1]]}
    assert [path.name for path in Path().iterdir()] == ["start.json"]
