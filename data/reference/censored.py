"""Writes censored.json: what lifelines and SciPy answer for textbook data with censored patients.

Needs lifelines and SciPy (any recent version); run it in this directory. The data sets are those that
lifelines ships: Freireich et al. (1963), 6-MP against placebo in leukaemia, and the German breast cancer
study (Schumacher et al., 1994), with and without hormones.
"""

import json

import lifelines
import numpy as np
import scipy
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_gbsg2, load_leukemia
from lifelines.statistics import logrank_test
from lifelines.utils import restricted_mean_survival_time
from scipy import stats


def sides():
    """Yields (name, first, second, times to restrict to); a side is (times, exits)."""
    data = load_leukemia()
    split = lambda rows: (rows["t"].to_numpy(float), rows["status"].to_numpy(bool))
    yield "leukaemia", split(data[data.Rx == 0]), split(data[data.Rx == 1]), [10, 20, 23]
    data = load_gbsg2()
    split = lambda rows: (rows["time"].to_numpy(float), rows["cens"].to_numpy(bool))
    yield "breast cancer", split(data[data.horTh == "yes"]), split(data[data.horTh == "no"]), [
        500, 1000, 2000,
    ]


def restricted_mean(times, exits, end):
    """The mean by lifelines, and the error that survRM2 gives it: Greenwood's sum of squared areas."""
    fitter = KaplanMeierFitter().fit(times, exits)
    mean = restricted_mean_survival_time(fitter, t=end)
    at = np.unique(times[exits & (times < end)])
    square = 0.0
    for time in at:
        atRisk, deaths = np.sum(times >= time), np.sum((times == time) & exits)
        rest = mean - restricted_mean_survival_time(fitter, t=time)
        if atRisk > deaths:
            square += rest**2 * deaths / (atRisk * (atRisk - deaths))
    return [float(mean), float(np.sqrt(square))]


def follow_up(times, exits):
    """The median follow-up: that of the censoring by the reverse Kaplan–Meier estimate.

    An exit at the time of a censoring comes first, which a hair less says to lifelines.
    """
    shifted = np.where(exits, times - 1e-6, times)
    curve = KaplanMeierFitter().fit(shifted, ~exits).survival_function_.iloc[:, 0]
    below = curve[curve < 0.5]
    return float(below.index[0]) if len(below) else None


def main():
    cases = []
    for name, first, second, ends in sides():
        test = logrank_test(first[0], second[0], first[1], second[1])
        censored = lambda side: stats.CensoredData(side[0][side[1]], right=side[0][~side[1]])
        scipy_test = stats.logrank(censored(first), censored(second))
        assert abs(test.p_value - scipy_test.pvalue) < 1e-9
        cases.append({
            "name": name,
            "first": {"times": first[0].tolist(), "observed": first[1].tolist()},
            "second": {"times": second[0].tolist(), "observed": second[1].tolist()},
            "known_until": [follow_up(*first), follow_up(*second)],
            "log_rank": [float(scipy_test.statistic), float(test.p_value)],
            "restricted_means": [
                {
                    "horizon": end,
                    "first": restricted_mean(*first, end),
                    "second": restricted_mean(*second, end),
                }
                for end in ends
            ],
        })
    document = {
        "versions": {
            "lifelines": lifelines.__version__, "scipy": scipy.__version__,
        },
        "cases": cases,
    }
    with open("censored.json", "w") as file:
        json.dump(document, file, separators=(",", ":"), allow_nan=False)
        file.write("\n")


if __name__ == "__main__":
    main()
