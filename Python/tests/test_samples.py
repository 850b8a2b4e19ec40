from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

import escapement

generator = np.random.default_rng(1)
FIRST, SECOND = generator.gamma(2, 1, 25), generator.gamma(2, 1.4, 30)


def test_the_battery_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    result = escapement.test(FIRST, SECOND)
    tests = result["tests"]
    smirnov = stats.ks_2samp(FIRST, SECOND, method="exact")
    assert tests["kolmogorov_smirnov"]["statistic"] == pytest.approx(smirnov.statistic, rel=1e-12)
    assert tests["kolmogorov_smirnov"]["p_value"] == pytest.approx(smirnov.pvalue, rel=1e-9)
    mises = stats.cramervonmises_2samp(FIRST, SECOND)
    assert tests["cramer_von_mises"]["statistic"] == pytest.approx(mises.statistic, rel=1e-9)
    assert tests["cramer_von_mises"]["p_value"] == pytest.approx(mises.pvalue, rel=1e-9)
    darling = stats.anderson_ksamp([FIRST, SECOND])
    assert tests["anderson_darling"]["statistic"] == pytest.approx(darling.statistic, rel=1e-9)
    distance = stats.wasserstein_distance(FIRST, SECOND)
    assert result["wasserstein"]["estimate"] == pytest.approx(distance, rel=1e-12)
    ratio = FIRST.mean() / SECOND.mean()
    assert result["mean_ratio"]["estimate"] == pytest.approx(ratio, rel=1e-12)


def test_samples_of_a_run_know_their_censoring(run, directory, command, tmp_path):
    lines = (directory / "exit_times.csv").read_text().splitlines()
    files = []
    for kind in ["chain", "ode"]:
        rows = [line.split(",") for line in lines if line.startswith(f"{kind},0.5,")]
        files.append(tmp_path / f"{kind}.csv")
        text = "\n".join(f"{row[3]},{row[4]}" for row in rows)
        files[-1].write_text(f"outcome,exit_time\n{text}\n")
    printed = subprocess.run(
        [command, "test", *files, "--format", "json"], capture_output=True, check=True
    )
    expected = json.loads(printed.stdout)
    assert expected["mean_ratio"]["restricted"] is True
    series = [run.exit_time.sel(dynamics=kind, threshold=0.5) for kind in ["chain", "ode"]]
    samples = [run.sample(kind, 0.5) for kind in ["chain", "ode"]]
    masks = tuple(sample.censored for sample in samples)
    times = [sample.times for sample in samples]
    for result in [
        escapement.test(*series),
        escapement.test(*samples),
        escapement.test(*times, censored=masks),
    ]:
        # Arrays come from no file whose name could be told.
        for side, mine in zip(expected["samples"], result["samples"]):
            mine["name"] = side["name"]
        assert result == expected
    assert escapement.test(*times) != expected


def test_a_missing_time_is_censored_at_the_largest():
    times = FIRST.copy()
    times[[3, 24]] = np.nan
    mask = np.isnan(times)
    filled = np.where(mask, np.nanmax(times), times)
    assert escapement.test(times, SECOND) == escapement.test(filled, SECOND, censored=(mask, None))
    with pytest.raises(ValueError, match="second: found no time"):
        escapement.test(times, [np.nan, np.nan])


def test_keys_of_the_test_are_passed_on():
    assert escapement.test(FIRST, SECOND, margin=0.2)["mean_ratio"]["margin"] == 0.2
    paired = escapement.test(FIRST, SECOND[:25], paired=True)
    assert (
        paired["mean_ratio"]["interval"]
        != escapement.test(FIRST, SECOND[:25])["mean_ratio"]["interval"]
    )
    with pytest.raises(escapement.EscapementError, match="paired: found 25 and 30"):
        escapement.test(FIRST, SECOND, paired=True)
    with pytest.raises(ValueError, match="first: found times of shape"):
        escapement.test(FIRST, SECOND, censored=([True], None))
