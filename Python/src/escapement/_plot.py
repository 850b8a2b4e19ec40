"""The standard figures, in matplotlib."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from ._command import EscapementError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._runs import Comparison, Sample, Sweep, Trajectories

#: Name, colour and dash of each dynamics; colours of Okabe and Ito, which the colour-blind can tell
#: apart.
STYLE = {
    "chain": ("exact chain", "#0072B2", "-"),
    "ode": ("ODE", "#000000", "--"),
    "sde": ("SDE", "#D55E00", ":"),
    "sgd": ("full SGD", "#009E73", "-."),
}
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9"]
LAW, MARGIN, NEUTRAL = "#CC79A7", "#E69F00", "#777777"
EXIT_TIME = "exit time τ = ν γ/(p d)"
SYMBOLS = {
    "dimension": "d",
    "width": "p",
    "teacher-units": "k",
    "learning-rate": "γ",
    "label-noise": "Δ",
}
PATHS = 40


class _Plots:
    """Figures of a run; names that are not its own are those of the run's library."""

    _library: Any = xr.Dataset

    def __init__(self, run: Any) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._library.plot(self._run), name)

    def __call__(self, *arguments: Any, **keys: Any) -> Any:
        """Draw what the run's library would."""
        return self._library.plot(self._run)(*arguments, **keys)


class ComparisonPlots(_Plots):
    """Figures of exit times.

    Each draws one exit rule, by ``threshold`` and ``criterion``, the run's first by default, into
    ``ax``, or a new figure, and returns the Axes.
    """

    _run: Comparison

    def exit_times(
        self, threshold: float | None = None, criterion: str = "risk", ax: Axes | None = None
    ) -> Axes:
        """Draw the densities of the exit times, and the SDE's law where it is known."""
        ax, place, samples = self._begin(threshold, criterion, ax)
        for kind, sample in samples.items():
            name, colour, dash = _style(kind)
            times = sample.times[~sample.censored]
            if len(sample.times) == 1:
                ax.axvline(sample.times[0], color=colour, linestyle=dash, label=f"{name}, one path")
            elif len(times):
                edges = np.histogram_bin_edges(times, "fd" if len(times) > 1 else 1)
                counts, edges = np.histogram(times, edges)
                density = counts / len(sample.times) / np.diff(edges)
                ax.stairs(density, edges, color=colour, linestyle=dash, linewidth=1.6, label=name)
        law = self._law(place)
        if law is not None:
            time, survival = law
            density = -np.diff(survival) / np.diff(time)
            ax.plot((time[1:] + time[:-1]) / 2, density, color=LAW, label="Fokker–Planck")
        ax.set_ylabel("probability density per unit of τ")
        return self._finish(ax, place, samples.values())

    def survival(
        self, threshold: float | None = None, criterion: str = "risk", ax: Axes | None = None
    ) -> Axes:
        """Draw Kaplan–Meier estimates with pointwise 95% bands, and the SDE's law where known."""
        ax, place, samples = self._begin(threshold, criterion, ax)
        for kind, sample in samples.items():
            name, colour, dash = _style(kind)
            curve = kaplan_meier(sample)
            label = name if len(sample.times) > 1 else f"{name}, one path"
            # As far as replicas were seen.
            at = np.append(curve.times, sample.times.max())
            survival = np.append(curve.survival, curve.survival[-1])
            ax.step(at, survival, where="post", color=colour, linestyle=dash, label=label)
            if len(sample.times) > 1:
                ax.fill_between(
                    curve.times,
                    curve.lower,
                    curve.upper,
                    step="post",
                    color=colour,
                    alpha=0.18,
                    linewidth=0,
                )
        law = self._law(place)
        if law is not None:
            ax.plot(*law, color=LAW, linewidth=1, label="Fokker–Planck")
        ax.set(ylim=(0, 1.02), ylabel="probability not to have exited by τ")
        return self._finish(ax, place, samples.values())

    def quantiles(
        self, threshold: float | None = None, criterion: str = "risk", ax: Axes | None = None
    ) -> Axes:
        """Draw percentiles against those of SGD's law: on the diagonal the laws agree.

        The wedge holds what is within the margin. A percentile is drawn where no replica is
        censored by then.
        """
        ax, place, samples = self._begin(threshold, criterion, ax)
        truth = next((kind for kind in ("chain", "sgd", "sde") if kind in samples), None)
        if truth is None:
            raise EscapementError("quantiles are against chain, sgd or sde: the run has neither")
        levels = np.arange(0.01, 1, 0.01)
        base = _percentiles(samples[truth], levels)
        end = np.nanmax(np.append(base, 0.0))
        for kind in [kind for kind in samples if kind != truth and len(samples[kind].times) > 1]:
            name, colour, dash = _style(kind)
            other = _percentiles(samples[kind], levels)
            end = np.nanmax(np.append(other, end))
            ax.plot(base, other, color=colour, linestyle=dash, marker=".", label=name)
        margin = float(self._run.attrs.get("margin", 0.05))
        low, high = [0, (1 - margin) * end], [0, (1 + margin) * end]
        wedge = f"margin 1 ± {margin:g}"
        ax.fill_between([0, end], low, high, color=MARGIN, alpha=0.25, linewidth=0, label=wedge)
        ax.plot([0, end], [0, end], color=NEUTRAL, linestyle=":", label="the same law")
        ax.set(
            xlim=(0, end),
            ylim=(0, end),
            xlabel=f"quantile of τ, {_style(truth)[0]}",
            ylabel="quantile of τ, other dynamics",
        )
        return _titled(ax, f"Exit at {self._rule(place)}", self._parameters())

    def ratios(self, ax: Axes | None = None) -> Axes:
        """Draw the ratios of mean exit times, with their 95% intervals, over the margin."""
        table = self._run.verdicts()
        if table.empty:
            raise EscapementError("a single dynamics is compared with nothing")
        labels = [
            f"{_style(row['first'])[0]} / {_style(row['second'])[0]}, {_rule_text(row)}"
            for row in table.to_dict("records")
        ]
        ax = _forest(ax, table, labels)
        return _titled(ax, "Mean exit times", self._parameters())

    def _begin(
        self, threshold: float | None, criterion: str, ax: Axes | None
    ) -> tuple[Axes, int, dict[str, Sample]]:
        run = self._run
        place = run.rule(threshold, criterion)
        level, watched = float(run["threshold"][place]), str(run["criterion"].values[place])
        kinds = [str(kind) for kind in run["dynamics"].values]
        samples = {kind: run.sample(kind, level, watched) for kind in kinds}
        return _axes(ax), place, {kind: one for kind, one in samples.items() if len(one.times)}

    def _finish(self, ax: Axes, place: int, samples: Iterable[Sample]) -> Axes:
        reach = max(np.quantile(sample.times, 0.995) for sample in samples)
        ax.set(xlim=(0, reach), xlabel=EXIT_TIME)
        return _titled(ax, f"Exit at {self._rule(place)}", self._parameters())

    def _law(self, place: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
        """The SDE's law by the Fokker–Planck equation, where the run has it."""
        if "law_time" not in self._run or "law_survival" not in self._run:
            return None
        time = self._run["law_time"].values[place]
        there = np.isfinite(time)
        return (time[there], self._run["law_survival"].values[place][there]) if any(there) else None

    def _rule(self, place: int) -> str:
        criterion = str(self._run["criterion"].values[place])
        return _rule_text({"criterion": criterion, "threshold": self._run["threshold"][place]})

    def _parameters(self) -> str:
        return _parameters(self._run.experiment)


class TrajectoryPlots(_Plots):
    """Figures of risk and overlaps against time; each returns the Axes."""

    _run: Trajectories

    def trajectories(self, column: str = "risk", ax: Axes | None = None) -> Axes:
        """Draw single paths, forty at most of each dynamics.

        ``column`` is a variable, or M, Q or a for all overlaps with the teacher, among students, or
        second-layer weights.
        """
        ax = _axes(ax)
        names = self._names(column)
        if not names or self._run.sizes.get("replica", 0) == 0:
            raise EscapementError(f"the run has no paths of {column}: see the key columns, paths")
        for kind in self._kinds():
            name, colour, dash = _style(kind)
            series = self._run.sel(dynamics=kind)
            stacked = np.stack([series[one].transpose("replica", "time").values for one in names])
            seen = ~np.isnan(stacked).all(axis=(0, 2))
            paths = stacked[:, seen][:, :PATHS]
            count = paths.shape[1]
            if count == 0:
                continue
            alone = count == 1
            label = name if alone else f"{name}, {count} paths"
            for path in paths.reshape(-1, paths.shape[-1]):
                ax.plot(
                    self._run["time"].values,
                    path,
                    color=colour,
                    linestyle=dash if alone or kind == "ode" else "-",
                    linewidth=1.8 if alone else 0.7,
                    alpha=1 if alone else 0.6,
                )
            # Thin lines would hardly be seen in the legend.
            ax.plot([], [], color=colour, linestyle=dash, linewidth=1.8, label=label)
        title = "Excess risk" if column == "risk" else column
        return self._finish(ax, title, logarithmic=column == "risk")

    def quantiles(self, ax: Axes | None = None) -> Axes:
        """Draw the risk's quantile nearest to the median, in a band from the lowest to the highest.

        Where the run has no quantiles over all replicas, those of its paths are taken.
        """
        ax = _axes(ax)
        risk = self._quantiles()
        levels = risk["quantile"].values
        middle = int(np.argmin(abs(levels - 0.5)))
        for kind in self._kinds():
            name, colour, dash = _style(kind)
            curves = risk.sel(dynamics=kind).transpose("quantile", "time").values
            curves = np.where(np.isfinite(curves), curves, np.nan)
            if np.isnan(curves).all():
                continue
            times = self._run["time"].values
            if len(levels) > 1:
                ax.fill_between(times, curves[0], curves[-1], color=colour, alpha=0.18, linewidth=0)
            ax.plot(times, curves[middle], color=colour, linestyle=dash, label=name)
        band = f"{levels[middle]:g}" + (
            f", from {levels[0]:g} to {levels[-1]:g}" if len(levels) > 1 else ""
        )
        return self._finish(ax, f"Quantile {band}, of the excess risk", logarithmic=True)

    def _quantiles(self) -> xr.DataArray:
        if "risk_quantile" in self._run:
            return self._run["risk_quantile"]
        if "risk" not in self._run:
            raise EscapementError("the run has no risk: see the keys quantiles, columns")
        risk = self._run["risk"]
        # A path that has diverged lies above all others; one that is not there at all is left out.
        there = risk.notnull().any("time")
        # It is as good as infinite, which numpy does not interpolate.
        risk = risk.where(risk.notnull() | ~there, 1e300)
        levels = risk.quantile([0.05, 0.5, 0.95], dim="replica", skipna=True)
        return levels.where(levels < 1e200)

    def _names(self, column: str) -> list[str]:
        names = [str(name) for name in self._run.data_vars]
        return [name for name in names if name == column or name.startswith(f"{column}_")][
            : 1 if column == "risk" else None
        ]

    def _kinds(self) -> list[str]:
        # What is random lies below what is not.
        there = self._run["dynamics"].values.tolist()
        return [kind for kind in ("sgd", "sde", "chain", "ode") if kind in there]

    def _finish(self, ax: Axes, title: str, *, logarithmic: bool) -> Axes:
        times = self._run["time"].values
        steps = np.diff(times)
        even = len(steps) > 1 and np.allclose(steps, steps[0])
        first = times[0] if even else times[times > 0][0]
        ax.set(
            xscale="linear" if even else "log",
            yscale="log" if logarithmic else "linear",
            xlim=(first, times[-1]),
            xlabel="time τ = ν γ/(p d)",
            ylabel="excess risk R" if logarithmic else title,
        )
        return _titled(ax, f"{title} against time", _parameters(self._run.experiment))


class SweepPlots(_Plots):
    """Figures of a grid; each returns the Axes."""

    _library = pd.DataFrame
    _run: Sweep

    def samples(
        self,
        key: str | None = None,
        dynamics: str | None = None,
        threshold: float | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the mean samples until the exit, over d log d, against a swept key.

        A curve for each setting of the other keys, with 95% intervals. By default the key with the
        most values, SGD's law and the first threshold are drawn.
        """
        ax = _axes(ax)
        table = pd.DataFrame(self._run)
        kinds = [kind for kind in ("chain", "sgd", "sde", "ode") if (table.dynamics == kind).any()]
        kind = dynamics or kinds[0]
        level = float(table.threshold.iloc[0] if threshold is None else threshold)
        swept = self._swept()
        table = table[(table.dynamics == kind) & np.isclose(table.threshold, level, 1e-12, 0)]
        table = table[table["mean"].notna()]
        if table.empty:
            raise EscapementError(f"no point has a mean exit time of {kind} at {level:g}")
        key = key or max(swept, key=lambda name: table[name].nunique(), default="point")
        if key not in table:
            raise EscapementError(f"found key '{key}', expected one of {', '.join(swept)}")
        table = table.sort_values(key)
        # What follows from the key, as a learning rate from the width may, tells no curves apart.
        told = table.groupby(key)
        others = [name for name in swept if name != key and told[name].nunique().max() > 1]
        groups: Any = (
            table.groupby(others[0] if len(others) == 1 else others) if others else [((), table)]
        )
        for (values, points), colour in zip(groups, COLOURS * len(table)):
            unit = points["samples_over_d_log_d"] / points["mean"]
            setting = zip(others, values if isinstance(values, tuple) else (values,))
            ax.errorbar(
                points[key],
                points["samples_over_d_log_d"],
                1.96 * unit * points["standard_error"],
                color=colour,
                marker="o",
                capsize=2,
                label=", ".join(f"{_symbol(name)} = {_number(value)}" for name, value in setting)
                or _style(kind)[0],
            )
        ticks = np.sort(table[key].unique())
        if len(ticks) > 1 and ticks[0] > 0 and ticks[-1] / ticks[0] > 8:
            ax.set_xscale("log")
        symbol = _symbol(key)
        ax.set(
            xlabel=key if symbol == key else f"{key} {symbol}".replace("_", " "),
            ylabel="samples / (d log d)",
        )
        return _titled(ax, f"{_style(kind)[0]}, exit at T = {level:g}", "")

    def ratios(self, threshold: float | None = None, ax: Axes | None = None) -> Axes:
        """Draw the ratios of mean exit times of the headline pairs, over the margin.

        These are SGD's law against the ODE; where there is none, all pairs.
        """
        table = self._run.verdicts
        if table.empty:
            raise EscapementError("a single dynamics is compared with nothing")
        if threshold is not None:
            table = table[np.isclose(table.threshold, threshold, 1e-12, 0)]
        if table.headline.any():
            table = table[table.headline.astype(bool)]
        table = table.rename(columns={"ratio": "mean_ratio"}).rename(
            columns={"lower": "mean_ratio_lower", "upper": "mean_ratio_upper"}
        )
        swept = self._swept()
        labels = [
            ", ".join(
                [f"{_symbol(key)} = {_number(row[key])}" for key in swept if key in row]
                + [f"{_style(row['first'])[0]} / {_style(row['second'])[0]}", _rule_text(row)]
            )
            for row in table.to_dict("records")
        ]
        return _titled(_forest(ax, table, labels), "Mean exit times", "")

    def _swept(self) -> list[str]:
        """The columns of the point, which stand in front, that are not the same at all points."""
        columns = [str(name) for name in self._run.columns]
        front = columns[columns.index("point") + 1 : columns.index("dynamics")]
        return [name for name in front if name != "seed" and self._run[name].nunique() > 1]


class Curve(NamedTuple):
    """A survival curve: from each time on, the probability, and its band."""

    times: npt.NDArray[np.float64]
    survival: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]


def kaplan_meier(sample: Sample) -> Curve:
    """Estimate the survival, with pointwise 95% bands: Greenwood's variance, log–log scale."""
    times = np.sort(sample.times)
    exits = np.sort(sample.times[~sample.censored])
    at, count = np.unique(exits, return_counts=True)
    at_risk = len(times) - np.searchsorted(times, at, "left")
    survival = np.cumprod(1 - count / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.sqrt(np.cumsum(count / (at_risk * (at_risk - count))))
        factor = np.exp(1.959963984540054 * greenwood / -np.log(survival))
        lower, upper = survival**factor, survival ** (1 / factor)
    return Curve(
        *(np.append(1.0 if one is not at else 0.0, one) for one in (at, survival, lower, upper))
    )


def _percentiles(sample: Sample, levels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Quantiles; NaN where the censored begin."""
    values = np.quantile(sample.times, levels)
    end = sample.times[sample.censored].min() if sample.censored.any() else np.inf
    return np.where(values < end, values, np.nan)


def _forest(ax: Axes | None, table: pd.DataFrame, labels: Sequence[str]) -> Axes:
    """Ratios with their intervals, one below the other, over the margin."""
    ax = _axes(ax, max(2.2, 1.3 + 0.3 * len(table)))
    heights = -np.arange(len(table))
    ratio = table["mean_ratio"].to_numpy(float)
    bounds = [
        np.clip(ratio - table["mean_ratio_lower"].to_numpy(float), 0, None),
        np.clip(table["mean_ratio_upper"].to_numpy(float) - ratio, 0, None),
    ]
    margin = float(table["margin"].iloc[0])
    wedge = f"margin 1 ± {margin:g}"
    ax.axvspan(1 - margin, 1 + margin, color=MARGIN, alpha=0.25, linewidth=0, label=wedge)
    ax.axvline(1, color=NEUTRAL, linestyle=":")
    ax.errorbar(ratio, heights, xerr=bounds, fmt="o", color=COLOURS[0], capsize=2, label="95%")
    ax.set_yticks(heights, labels)
    ax.set_xlabel("ratio of the mean exit times")
    return ax


def _axes(ax: Axes | None, height: float = 4.2) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot  # noqa: PLC0415 - matplotlib is optional.

    return pyplot.subplots(figsize=(7, height), layout="constrained")[1]


def _titled(ax: Axes, title: str, parameters: str) -> Axes:
    ax.set_title(f"{title}\n{parameters}" if parameters else title, fontsize="medium")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#dddddd")
    ax.set_axisbelow(True)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False)
    return ax


def _style(kind: str) -> tuple[str, str, str]:
    return STYLE.get(kind, (kind, NEUTRAL, "-"))


def _symbol(key: str) -> str:
    """Name a key as formulas do, where they do."""
    return SYMBOLS.get(key.replace("_", "-"), key)


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _rule_text(row: Any) -> str:
    """An exit rule in words."""
    criterion, threshold = str(row.get("criterion", "risk")), float(row["threshold"])
    return f"T = {threshold:g}" if criterion == "risk" else f"{criterion} ≥ {threshold:g}"


def _parameters(experiment: dict[str, Any]) -> str:
    """The parameters that set the scene, in a line."""
    return ", ".join(
        f"{symbol} = {_number(experiment[key])}"
        for key, symbol in SYMBOLS.items()
        if key in experiment
    )
