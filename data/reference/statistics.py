"""Reference values of the two-sample tests and estimators, by SciPy 1.17.

Writes statistics.json beside itself. Seeds are fixed. Undefined values are null, and infinite ones
do not occur: censored times are marked by flags. Where SciPy truncates a series early (the limit
of Cramér and von Mises) the same series is summed to rounding here.
"""
import json
import math
import pathlib
import warnings

import numpy as np
from scipy import integrate, special, stats

PUBLISHED_SIMULATED = [
    2.7132, 2.7096, 1.9428, 2.3670, 1.8798, 2.3412, 2.9334, 4.9000, 2.3880, 2.8326]
PUBLISHED_SDE = [1.783, 2.561, 2.069, 2.724, 2.037, 2.384, 2.811, 2.457, 2.219, 2.948]


def two_samples():
    rng = np.random.default_rng(20230518)
    lattice = lambda n, scale: np.round(scale * rng.gamma(6, 0.2, n) / 0.1) * 0.1
    return {
        "published": (PUBLISHED_SIMULATED, PUBLISHED_SDE),
        "continuous": (rng.normal(0, 1, 12), rng.normal(0.5, 1, 15)),
        "ties": (rng.poisson(3, 20).astype(float), rng.poisson(4, 20).astype(float)),
        "unequal": (rng.exponential(1, 5), rng.exponential(1.2, 200)),
        "one and one": ([0.3], [0.7]),
        "one and three": ([2.0], [1.0, 2.0, 3.0]),
        "two and two": ([1.0, 4.0], [2.0, 3.0]),
        "three and four": ([1.0, 1.0, 2.5], [2.5, 3.0, 4.0, 4.0]),
        "six and seven": (rng.normal(0, 1, 6), rng.normal(1, 1, 7)),
        "disjoint": (rng.uniform(0, 1, 8), rng.uniform(2, 3, 9)),
        "identical": ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0]),
        "lattice": (lattice(60, 1), lattice(45, 1.2)),
        "large": (lattice(300, 1), lattice(250, 1.05)),
        "coprime": (rng.normal(0, 1, 17), rng.normal(0.8, 1.3, 19)),
    }


def censored_samples():
    rng = np.random.default_rng(18502)

    def censored(times, horizons):
        observed = times <= horizons
        return np.minimum(times, horizons), observed

    def case(n, m, horizon, slowdown=1.0):
        return (censored(rng.exponential(1, n), np.full(n, horizon)),
                censored(slowdown * rng.exponential(1, m), np.full(m, horizon)))

    rounded = tuple(
        censored(np.round(rng.gamma(3, 1, n), 0), np.round(rng.gamma(3, 1.5, n), 0))
        for n in (40, 35))
    return {
        "one horizon": case(30, 25, 1.5),
        "slower": case(50, 50, 2.0, slowdown=2.0),
        "many horizons": tuple(
            censored(rng.exponential(1, n), rng.exponential(2, n)) for n in (40, 30)),
        "ties": rounded,
        "no censoring": case(12, 15, 1e6),
        "heavy": case(30, 20, 0.1),
        "tiny": (censored(np.array([1.0, 3.0]), np.array([5.0, 2.0])),
                 censored(np.array([2.0, 4.0]), np.array([9.0, 9.0]))),
        "large": case(400, 300, 1.0, slowdown=1.3),
    }


def kolmogorov_smirnov(x, y):
    exact = stats.ks_2samp(x, y, method="exact")
    n, m = len(x), len(y)
    limit = special.kolmogorov(exact.statistic * math.sqrt(n * m / (n + m)))
    return {"statistic": exact.statistic, "exact": exact.pvalue, "limit": limit}


def cramer_von_mises_limit(x):
    """P(ω² > x) by the series of Csörgő and Faraway (1996), equation 1.2, to rounding."""
    total = 0.0
    for k in range(200):
        y = 4 * k + 1
        q = y * y / (16 * x)
        u = math.exp(special.gammaln(k + 0.5) - special.gammaln(k + 1))
        term = u / (math.pi**1.5 * math.sqrt(x)) * math.sqrt(y) * special.kve(0.25, q)
        term *= math.exp(-2 * q)
        total += term
        if term < 1e-18:
            break
    return max(1 - total, 0)


def cramer_von_mises(x, y):
    n, m = len(x), len(y)
    if min(n, m) < 2:
        return None
    asymptotic = stats.cramervonmises_2samp(x, y, method="asymptotic")
    size, product = n + m, n * m
    mean = (1 + 1 / size) / 6
    variance = (size + 1) * (4 * product * size - 3 * (n * n + m * m) - 2 * product)
    variance /= 45 * size**2 * 4 * product
    scaled = 1 / 6 + (asymptotic.statistic - mean) / math.sqrt(45 * variance)
    limit = cramer_von_mises_limit(scaled) if scaled >= 0.003 else 1.0
    exact = None
    if max(n, m) <= 20:
        exact = stats.cramervonmises_2samp(x, y, method="exact").pvalue
    return {"statistic": asymptotic.statistic, "scipy_limit": asymptotic.pvalue,
            "limit": limit, "exact": exact}


def is_enumerable(x, y):
    """All splits can be listed; SciPy wants two values a side for it."""
    return min(len(x), len(y)) > 1 and math.comb(len(x) + len(y), len(x)) <= 2000


def anderson_darling_limit(z):
    """P(A² > z) by the series of Anderson and Darling (1954), for z of moderate size."""
    total = 0.0
    for j in range(60):
        rate = ((4 * j + 1) * math.pi) ** 2 / (8 * z)
        if rate > 700:
            break
        value, _ = integrate.quad(
            lambda w: math.exp(z / (8 * (w * w + 1)) - rate * (w * w + 1)), 0, np.inf,
            epsabs=1e-15, epsrel=1e-12)
        total += special.binom(-0.5, j) * (4 * j + 1) * value
    return min(max(1 - math.sqrt(2 * math.pi) / z * total, 0), 1)


def anderson_darling(x, y):
    if len(x) + len(y) < 4:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        statistic = stats.anderson_ksamp([x, y], variant="midrank").statistic
        exact = None
        if is_enumerable(x, y):
            method = stats.PermutationMethod(n_resamples=2001)
            exact = stats.anderson_ksamp([x, y], variant="midrank", method=method).pvalue
    square = 1 + statistic * math.sqrt(2 * (math.pi**2 - 9) / 3)
    limit = anderson_darling_limit(square) if square > 0.02 else 1.0
    return {"statistic": statistic, "limit": limit, "exact": exact}


def energy_distance(x, y):
    exact = None
    if is_enumerable(x, y):
        exact = stats.permutation_test(
            (x, y), stats.energy_distance, n_resamples=2001, alternative="greater").pvalue
    return {"statistic": stats.energy_distance(x, y), "exact": exact}


def censored_data(sample):
    times, observed = sample
    return stats.CensoredData(uncensored=times[observed], right=times[~observed])


def log_rank(first, second):
    result = stats.logrank(censored_data(first), censored_data(second))
    return {"statistic": result.statistic, "p_value": result.pvalue}


def kaplan_meier(sample):
    survival = stats.ecdf(censored_data(sample)).sf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        n, d = survival._n, survival._d
        variance = survival.probabilities**2 * np.cumsum(d / (n * (n - d)))
        band = survival.confidence_interval(0.95, method="log-log")
    return {"times": survival.quantiles, "survival": survival.probabilities, "variance": variance,
            "lower": band.low.probabilities, "upper": band.high.probabilities}


def holm(p_values):
    """Step-down adjustment of Holm (1979), by its definition."""
    order, count = np.argsort(p_values, kind="stable"), len(p_values)
    adjusted, largest = np.empty(count), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (count - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def multiple_testing():
    rng = np.random.default_rng(4)
    sets = [[0.03], [0.01, 0.04, 0.03, 0.005], [0.2, 0.2, 0.001, 0.0, 1.0],
            rng.uniform(0, 1, 30) ** 3]
    return [{"p_values": p, "holm": holm(np.asarray(p)),
             "benjamini_hochberg": stats.false_discovery_control(p)} for p in sets]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(entry) for entry in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if value is None or isinstance(value, str):
        return value
    return float(value) if math.isfinite(value) else None


def main():
    pairs, censored = [], []
    for name, (x, y) in two_samples().items():
        pairs.append({
            "name": name, "first": x, "second": y,
            "kolmogorov_smirnov": kolmogorov_smirnov(x, y),
            "cramer_von_mises": cramer_von_mises(x, y),
            "anderson_darling": anderson_darling(x, y),
            "energy_distance": energy_distance(x, y),
            "wasserstein": stats.wasserstein_distance(x, y)})
    for name, (x, y) in censored_samples().items():
        sides = [{"times": s[0], "observed": s[1], "kaplan_meier": kaplan_meier(s)}
                 for s in (x, y)]
        censored.append({"name": name, "first": sides[0], "second": sides[1],
                         "log_rank": log_rank(x, y)})
    reference = {"two_samples": pairs, "censored_samples": censored,
                 "multiple_testing": multiple_testing()}
    path = pathlib.Path(__file__).with_name("statistics.json")
    lines = json.dumps(plain(reference), allow_nan=False, indent=None).replace(
        '{"name"', '\n{"name"')
    path.write_text(lines + "\n")


if __name__ == "__main__":
    main()
