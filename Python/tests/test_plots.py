from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import StepPatch

import escapement


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def labels(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_densities_have_the_area_of_the_share_that_exited(run):
    ax = run.plot.exit_times(threshold=0.5)
    steps = [patch for patch in ax.patches if isinstance(patch, StepPatch)]
    assert len(steps) == 3
    assert labels(ax)[:3] == ["exact chain", "ODE", "SDE"]
    for kind, step in zip(run.dynamics.values, steps):
        values, edges, _ = step.get_data()
        share = run["exited"].sel(dynamics=kind, threshold=0.5) / run.replicas.sel(dynamics=kind)
        assert (values * np.diff(edges)).sum() == pytest.approx(float(share))
    assert ax.get_title() == "Exit at T = 0.5\nd = 100, p = 2, k = 1, γ = 0.1, Δ = 0"


def test_the_law_is_drawn_where_it_is_known():
    run = escapement.compare(
        dimension=100,
        learning_rate=0.1,
        replicas=50,
        dynamics=["chain", "ode"],
        start=[0.2],
        thresholds=0.5,
    )
    ax = run.plot.survival()
    assert labels(ax) == ["exact chain", "ODE, one path", "Fokker–Planck"]
    densities = run.plot.exit_times()
    assert labels(densities) == labels(ax)
    time, density = densities.lines[-1].get_data()
    assert float(((density[1:] + density[:-1]) * np.diff(time)).sum() / 2) == pytest.approx(
        1, abs=0.01
    )
    assert len(run.plot.ratios().get_yticklabels()) == 1


def test_survival_ends_at_the_share_that_did_not_exit(run):
    figure, ax = plt.subplots()
    assert run.plot.survival(threshold=0.5, ax=ax) is ax
    curves = {line.get_label(): line for line in ax.lines}
    assert {"exact chain", "ODE", "SDE"} <= curves.keys()
    ends = [float(curves[name].get_ydata()[-1]) for name in ["exact chain", "ODE", "SDE"]]
    share = (run["censored"] / run.replicas).sel(threshold=0.5).values
    np.testing.assert_allclose(ends, share, atol=1e-12)
    assert len(ax.collections) == 3
    figure.canvas.draw()


def test_survival_is_that_of_kaplan_and_meier():
    from escapement._plot import kaplan_meier
    from escapement._runs import Sample

    # Remission times of the treated in Freireich et al. (1963), the textbook's example.
    times = np.array(
        [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35.0]
    )
    censored = np.array([0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1], bool)
    curve = kaplan_meier(Sample(times, censored))
    assert curve.times.tolist() == [0, 6, 7, 10, 13, 16, 22, 23]
    expected = [1, 0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    np.testing.assert_allclose(curve.survival, expected, atol=5e-5)
    # Greenwood's standard error at 10 weeks is 0.0963 there.
    error = np.log(curve.survival[3]) * curve.survival[3]
    half = np.log(np.log(curve.lower[3]) / np.log(curve.survival[3])) / 1.959963984540054
    assert -half * error == pytest.approx(0.0963, abs=5e-5)


def test_quantiles_have_a_curve_for_each_other_dynamics(run):
    ax = run.plot.quantiles()
    assert labels(ax) == ["ODE", "SDE", "margin 1 ± 0.05", "the same law"]
    assert len(ax.lines) == 3


def test_ratios_have_a_point_for_each_comparison(run):
    ax = run.plot.ratios()
    assert len(ax.get_yticklabels()) == len(run.verdicts()) == 6
    assert ax.get_yticklabels()[0].get_text() == "exact chain / SDE, T = 0.01"
    drawn = ax.containers[0].lines[0].get_xdata()
    np.testing.assert_array_equal(drawn, run.verdicts().mean_ratio)


def test_paths_are_drawn_one_by_one(paths):
    ax = paths.plot.trajectories()
    # And an empty one of each dynamics for the legend.
    assert len(ax.lines) == 2 * 5 + 2
    assert labels(ax) == ["SDE, 5 paths", "exact chain, 5 paths"]
    assert len(paths.plot.trajectories("M").lines) == 12
    with pytest.raises(escapement.EscapementError, match="no paths of a"):
        paths.plot.trajectories("a")


def test_quantiles_of_the_risk_are_bands(paths):
    ax = paths.plot.quantiles()
    assert len(ax.lines) == len(ax.collections) == 2
    middle = paths.risk_quantile.sel(dynamics="sde", quantile=0.5)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), middle)


def test_without_quantiles_those_of_the_paths_are_drawn_the_diverged_at_the_top(paths):
    single = paths.drop_vars(["risk_quantile", "quantile"]).copy(deep=True)
    single.risk.loc[{"dynamics": "sde", "replica": [3, 4], "time": [2, 4]}] = np.nan
    single.risk.loc[{"dynamics": "chain", "replica": [4]}] = np.nan
    ax = single.plot.quantiles()
    sde, chain = (line.get_ydata() for line in ax.lines)
    np.testing.assert_allclose(sde[:2], paths.risk.sel(dynamics="sde").median("replica")[:2])
    lowest = np.sort(paths.risk.sel(dynamics="sde", replica=[0, 1, 2]), axis=0)
    np.testing.assert_allclose(sde[2:], lowest[2, 2:])
    four = paths.risk.sel(dynamics="chain", replica=[0, 1, 2, 3]).median("replica")
    np.testing.assert_allclose(chain, four)


def test_a_sweep_has_a_curve_for_each_setting(grid):
    ax = grid.plot.samples("dimension")
    assert len(ax.containers) == 2
    assert labels(ax) == ["γ = 0.05", "γ = 0.1"]
    chain = grid[(grid.dynamics == "chain") & (grid.learning_rate == 0.1)]
    drawn = ax.containers[1].lines[0]
    np.testing.assert_array_equal(drawn.get_xdata(), chain.dimension)
    np.testing.assert_array_equal(drawn.get_ydata(), chain.samples_over_d_log_d)
    assert len(grid.plot.ratios().get_yticklabels()) == len(grid.verdicts)
    with pytest.raises(escapement.EscapementError, match="expected one of dimension"):
        grid.plot.samples("depth")


def test_the_plots_of_xarray_and_pandas_are_still_there(run, grid):
    assert run.plot.scatter(x="annealed_exit_time", y="quenched_exit_time") is not None
    assert grid.plot.scatter(x="dimension", y="mean") is not None
