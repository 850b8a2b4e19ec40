"""Writes statistics.json: what SciPy and NumPy answer for the samples of the Statistics tests.

Run in this folder: python3 statistics.py (SciPy 1.17, NumPy 2, mpmath). Seeds are fixed.
"""

import json
import math
import warnings

import mpmath
import numpy as np
import scipy
from scipy import integrate, stats

warnings.simplefilter("ignore")

PROBABILITIES = [0.05, 0.25, 0.5, 0.75, 0.95]


class Sample:
    """Times with flags; a Weyl sequence is stored by its recipe, not by its values."""

    def __init__(self, times, observed=None, weyl=None):
        self.times = np.asarray(times, dtype=float)
        self.observed = (
            np.ones(len(self.times), dtype=bool) if observed is None else np.asarray(observed)
        )
        self.weyl = weyl

    @staticmethod
    def from_weyl(count, step, offset, scale):
        times = offset + scale * np.mod(np.arange(1, count + 1) * step, 1.0)
        return Sample(times, weyl=dict(count=count, step=step, offset=offset, scale=scale))

    @property
    def earliest(self):
        return None if self.observed.all() else float(self.times[~self.observed].min())

    def restricted(self, horizon):
        return self.times if horizon is None else np.minimum(self.times, horizon)

    def censored_data(self):
        return stats.CensoredData(
            uncensored=self.times[self.observed], right=self.times[~self.observed]
        )

    def json(self):
        if self.weyl is not None:
            return {"weyl": self.weyl}
        return {"times": self.times.tolist(), "observed": self.observed.tolist()}


def censored(times, horizon):
    return Sample(np.minimum(times, horizon), times < horizon)


def pairs():
    """Yields (name, first, second): ties, censoring, unequal sizes, tiny samples."""
    rng = np.random.default_rng(20230518)
    gumbel = lambda count, shift=0.0: rng.gumbel(3 + shift, 0.6, count) + 2.0
    yield "published", Sample(
        [2.7132, 2.7096, 1.9428, 2.3670, 1.8798, 2.3412, 2.9334, 4.9000, 2.3880, 2.8326]
    ), Sample([1.783, 2.561, 2.069, 2.724, 2.037, 2.384, 2.811, 2.457, 2.219, 2.948])
    yield "equal sizes", Sample(gumbel(40)), Sample(gumbel(40))
    yield "unequal sizes", Sample(gumbel(37)), Sample(gumbel(90, 0.3))
    yield "one multiple of the other", Sample(gumbel(30)), Sample(gumbel(90, 0.1))
    yield "far apart", Sample(gumbel(60)), Sample(gumbel(45, 3.0))
    yield "disjoint", Sample(rng.uniform(1, 2, 12)), Sample(rng.uniform(3, 4, 9))
    yield "ties", Sample(np.round(gumbel(50) * 4) / 4), Sample(np.round(gumbel(35, 0.2) * 4) / 4)
    yield "heavy ties", Sample(rng.integers(1, 4, 25)), Sample(rng.integers(1, 5, 31))
    yield "small", Sample(gumbel(6)), Sample(gumbel(9, 0.5))
    yield "small with ties", Sample([1.0, 2, 2, 3, 5]), Sample([2.0, 3, 3, 4, 5, 6, 7])
    yield "two and three", Sample([1.5, 2.5]), Sample([2.0, 3.0, 3.5])
    yield "two and two", Sample([1.5, 2.5]), Sample([2.0, 3.0])
    yield "censored at one horizon", censored(gumbel(50), 6.0), censored(gumbel(50, 0.4), 6.0)
    yield "censored unequal", censored(gumbel(33), 5.5), censored(gumbel(71, 0.3), 6.5)
    yield "censored with ties", censored(np.round(gumbel(60) * 2) / 2, 6.0), censored(
        np.round(gumbel(40, 0.3) * 2) / 2, 6.0
    )
    times = gumbel(45)
    ends = rng.uniform(4.8, 9, 45)
    yield "censored at random", Sample(np.minimum(times, ends), times < ends), censored(
        gumbel(30), 7.0
    )
    yield "one side censored", Sample(gumbel(40)), censored(gumbel(40, 0.5), 6.0)
    yield "middle", Sample(gumbel(1000)), Sample(gumbel(800, 0.05))
    yield "beyond the exact test", Sample.from_weyl(
        10_001, 0.6180339887498949, 1.0, 2.0
    ), Sample.from_weyl(8_000, 0.41421356237309515, 1.01, 2.0)


def result(statistic, p_value):
    return {"statistic": float(statistic), "p_value": float(p_value)}


def comparable(first, second):
    """Restricts both samples to the earliest censored time, as the rank tests do."""
    ends = [s.earliest for s in (first, second) if s.earliest is not None]
    horizon = min(ends) if ends else None
    return first.restricted(horizon), second.restricted(horizon), horizon


def summary(sample):
    times = sample.restricted(sample.earliest)
    known = np.sort(sample.times)
    first_unknown = len(known)
    if sample.earliest is not None:
        first_unknown = int(
            ((sample.times < sample.earliest)
             | ((sample.times == sample.earliest) & sample.observed)).sum()
        )
    quantiles = {
        str(p): float(np.quantile(known, p))
        if math.ceil((len(known) - 1) * p) < first_unknown
        else None
        for p in PROBABILITIES
    }
    answer = {
        "replicas": len(times),
        "exited": int(sample.observed.sum()),
        "censored": int((~sample.observed).sum()),
        "mean": float(times.mean()) if sample.earliest is None else None,
        "standard_error": float(stats.sem(times)),
        "standard_deviation": float(times.std(ddof=1)),
        "quantiles": quantiles,
    }
    if sample.earliest is not None:
        answer |= {"restricted_mean": float(times.mean()), "horizon": sample.earliest}
    return answer


def ratio(estimate, error, freedom, level):
    if error is None:
        return {"estimate": float(estimate), "interval": None}
    half = stats.t.ppf(0.5 + level / 2, freedom) * error
    return {
        "estimate": float(estimate),
        "interval": [float(estimate * math.exp(-half)), float(estimate * math.exp(half))],
    }


def mean_ratios(x, y, level):
    m, n = len(x), len(y)
    v, w = x.var(ddof=1) / m / x.mean() ** 2, y.var(ddof=1) / n / y.mean() ** 2
    answer = {
        "unpaired": ratio(
            x.mean() / y.mean(),
            # A restricted sample may have no spread: then nothing is known of the error.
            math.sqrt(v + w) if min(np.ptp(x), np.ptp(y)) > 0 else None,
            (v + w) ** 2 / (v**2 / (m - 1) + w**2 / (n - 1)),
            level,
        ),
        "one_sample": ratio(
            x.mean() / 4.0, math.sqrt(v) if np.ptp(x) > 0 else None, m - 1, level
        ),
    }
    if m == n:
        shared = np.cov(x, y)[0, 1] / n / (x.mean() * y.mean())
        answer["paired"] = ratio(
            x.mean() / y.mean(), math.sqrt(v + w - 2 * shared), n - 1, level
        )
    return answer


def battery(first, second):
    x, y, horizon = comparable(first, second)
    answer = {
        "ks_exact": result(*stats.ks_2samp(x, y, method="exact")[:2]),
        "ks_asymptotic": result(*stats.ks_2samp(x, y, method="asymp")[:2]),
        "ks_automatic": result(*stats.ks_2samp(x, y, method="auto")[:2]),
        "mean_ratios": {str(level): mean_ratios(x, y, level) for level in (0.9, 0.95)},
        "summaries": [summary(first), summary(second)],
        "mean_difference": mean_differences(x, y),
        "anderson_darling": anderson(x, y),
        "cvm_asymptotic": result(*cvm(x, y, "asymptotic")),
        "cvm_automatic": result(*cvm(x, y, "auto")),
        "energy_distance": float(stats.energy_distance(x, y)),
        "wasserstein_distance": float(stats.wasserstein_distance(x, y)),
        "log_rank": log_rank(first, second),
        "largest_distance": dvoretzky_kiefer_wolfowitz(x, y, 0.05),
    }
    if math.comb(len(x) + len(y), len(x)) <= 20_000:
        answer["exact_permutation"] = exact_permutation(x, y)
    if len(x) + len(y) <= 200:
        answer["kaplan_meier"] = [kaplan_meier(first), kaplan_meier(second)]
    return answer


def mean_differences(x, y):
    tests = {"independent": stats.ttest_ind(x, y, equal_var=False)}
    if len(x) == len(y):
        tests["by_start"] = stats.ttest_rel(x, y)
    return {
        name: {
            "estimate": float(x.mean() - y.mean()),
            # Differences without spread say nothing of the error.
            "interval": [float(end) for end in test.confidence_interval(0.95)]
            if np.isfinite(test.statistic)
            else None,
        }
        for name, test in tests.items()
    }


def cvm(x, y, method):
    if len(np.unique(np.concatenate([x, y]))) < len(x) + len(y):
        return tied_cvm(x, y)
    answer = stats.cramervonmises_2samp(x, y, method=method)
    return answer.statistic, answer.pvalue


def tied_cvm(x, y):
    """Cramér–von Mises with ties counted where they stand, and its limit law given the ties.

    SciPy's mid-ranks add the spread of the ranks within a tie, which is not wanted. The law of the
    sum of squares is found by Imhof's integral (1961), equation 3.2.
    """
    n, m = len(x), len(y)
    total = n + m
    values, counts = np.unique(np.concatenate([x, y]), return_counts=True)
    gap = np.searchsorted(np.sort(x), values, "right") / n
    gap = gap - np.searchsorted(np.sort(y), values, "right") / m
    statistic = n * m / total**2 * np.sum(counts * gap**2)
    share, level = counts / total, np.cumsum(counts) / total
    covariance = np.minimum.outer(level, level) - np.outer(level, level)
    roots = np.sqrt(share)
    mu = np.linalg.eigvalsh(roots[:, None] * covariance * roots[None, :])
    mu = mu[mu > 1e-12 * mu.max()] if mu.max() > 0 else mu[:0]
    if len(mu) == 0:
        return statistic, 1.0
    point = statistic * (total - 1) / total

    def integrand(u):
        angle = 0.5 * np.sum(np.arctan(mu * u)) - 0.5 * point * u
        return np.sin(angle) / (u * np.prod((1 + (mu * u) ** 2) ** 0.25))

    # Beyond the end the integrand is smaller than the tolerance.
    end = 1.0
    while end * np.prod((1 + (mu * end) ** 2) ** 0.25) < 1e13 and end < 1e7:
        end *= 1.5
    pieces = np.concatenate([[0], np.geomspace(1e-3, end, 400)])
    integral = sum(
        integrate.quad(integrand, a, b, epsabs=1e-14, epsrel=1e-11, limit=400)[0]
        for a, b in zip(pieces, pieces[1:])
    )
    return statistic, min(max(0.5 + integral / math.pi, 0.0), 1.0)


def anderson(x, y):
    answer = stats.anderson_ksamp([x, y], variant="midrank")
    return result(answer.statistic, answer.pvalue)


def exact_permutation(x, y):
    """The p-values over all relabelings, by SciPy's own enumeration."""
    options = dict(n_resamples=np.inf, alternative="greater", permutation_type="independent")
    ad = lambda x, y: stats.anderson_ksamp([x, y], variant="midrank").statistic
    return {
        "anderson_darling": float(stats.permutation_test((x, y), ad, **options).pvalue),
        "energy": float(
            stats.permutation_test((x, y), stats.energy_distance, **options).pvalue
        ),
    }


def log_rank(first, second):
    answer = stats.logrank(first.censored_data(), second.censored_data())
    return result(answer.statistic, answer.pvalue)


def dvoretzky_kiefer_wolfowitz(x, y, alpha):
    d = stats.ks_2samp(x, y).statistic
    reach = sum(math.sqrt(math.log(2 / (alpha / 2)) / 2 / n) for n in (len(x), len(y)))
    return {"estimate": float(d), "interval": [max(d - reach, 0.0), min(d + reach, 1.0)]}


def kaplan_meier(sample):
    curve = stats.ecdf(sample.censored_data()).sf
    bands = {}
    for name in ("linear", "log-log"):
        band = curve.confidence_interval(0.9, method=name)
        bands[name] = [
            None if np.isnan(low) or np.isnan(high) else [float(low), float(high)]
            for low, high in zip(band.low.probabilities, band.high.probabilities)
        ]
    return {
        "times": curve.quantiles.tolist(),
        "survival": curve.probabilities.tolist(),
        "at_risk": curve._n.tolist(),
        "exits": curve._d.tolist(),
        "bands": bands,
    }


def limit_survival(x, eigenvalues, first_tail, second_tail):
    """Inverts the characteristic function of a sum of squares over `eigenvalues`.

    The two tails are the sums of 1/eigenvalue and 1/eigenvalue**2 over those left out.
    """

    def phase(t):
        total = -0.5 * np.log(1 - 2j * t / eigenvalues).sum()
        total += 1j * t * first_tail - t * t * second_tail
        return (np.exp(total - 1j * t * x) / t).imag

    edges = [0, 1, 5, 20, 80, 200, 400, 800, 1600]
    pieces = [
        integrate.quad(phase, a, b, epsabs=1e-13, epsrel=1e-12, limit=500)[0]
        for a, b in zip(edges, edges[1:])
    ]
    return 0.5 + sum(pieces) / math.pi


def anderson_darling_limits():
    j = np.arange(1, 20_001, dtype=float)
    for x in (0.2, 0.5, 1.0, 1.933, 2.492, 3.857, 6.0):
        tail = limit_survival(x, j * (j + 1), 1 / 20_001, 1 / 3 / 20_000.5**3)
        yield [x, float(tail)]


def cramer_von_mises_limits():
    """The series of Csorgo and Faraway (1996), equation 1.3, with 60 digits."""
    with mpmath.workdps(60):
        for x in (0.02, 0.05, 0.1, 0.3, 0.7, 1.5, 4.0, 10.0):
            total = mpmath.mpf(0)
            for k in range(60):
                q = mpmath.mpf(4 * k + 1) ** 2 / (16 * mpmath.mpf(x))
                u = mpmath.gamma(k + 0.5) / mpmath.gamma(k + 1)
                u *= mpmath.sqrt(4 * k + 1) / mpmath.pi**1.5 / mpmath.sqrt(x)
                total += u * mpmath.exp(-q) * mpmath.besselk(0.25, q)
            yield [x, float(1 - total)]


def adjustments():
    """Holm is written out here; SciPy has Benjamini and Hochberg only."""
    rng = np.random.default_rng(5)
    for p in (
        rng.uniform(size=1),
        rng.uniform(size=12),
        rng.uniform(size=40) ** 3,
        np.array([0.01, 0.01, 0.04, 0.03, 0.5, 1.0, 0.0]),
    ):
        order = np.argsort(p, kind="stable")
        steps = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
        holm = np.empty(len(p))
        holm[order] = np.minimum(steps, 1)
        yield {
            "p_values": p.tolist(),
            "holm": holm.tolist(),
            "benjamini_hochberg": stats.false_discovery_control(p).tolist(),
        }


def one_sample_cases():
    """Samples against the exponential law, whose distribution function is 1 - exp(-t)."""
    rng = np.random.default_rng(11)
    for count in (1, 2, 5, 20, 100, 140, 141, 400, 3000):
        for scale in (0.5, 0.9, 1.0, 1.4):
            times = rng.exponential(scale, count)
            d, p = stats.ks_1samp(times, stats.expon.cdf)[:2]
            yield {"times": times.tolist(), "expected": result(d, p)}


def kolmogorov_cases():
    """The survival function of the one-sample distance over all of its regimes."""
    for count in (1, 2, 3, 10, 50, 140, 141, 500, 5000, 100_000, 100_001, 1_000_000):
        for z in (0.05, 0.2, 0.3, 0.5, 0.8, 1.0, 1.4, 1.5, 2.0, 3.0, 5.0):
            d = z / math.sqrt(count)
            if d < 1.2:
                yield [count, d, float(stats.kstwo.sf(d, count))]


def main():
    document = {
        "versions": {"scipy": scipy.__version__, "numpy": np.__version__},
        "pairs": [
            {
                "name": name,
                "first": first.json(),
                "second": second.json(),
                "expected": battery(first, second),
            }
            for name, first, second in pairs()
        ],
        "one_sample": list(one_sample_cases()),
        "kolmogorov": list(kolmogorov_cases()),
        "anderson_darling_limits": list(anderson_darling_limits()),
        "cramer_von_mises_limits": list(cramer_von_mises_limits()),
        "adjustments": list(adjustments()),
    }
    with open("statistics.json", "w") as file:
        json.dump(document, file, indent=None, separators=(",", ":"), allow_nan=False)
        file.write("\n")


if __name__ == "__main__":
    main()
