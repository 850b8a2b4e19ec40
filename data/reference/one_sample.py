"""Writes one_sample.json: one-sample tests by SciPy, for the tests of OneSampleBattery.

    python3 one_sample.py        (NumPy, SciPy)

Each case is a sample and the rate of the exponential law it is tested against. Anderson-Darling
against a known law is not in SciPy; its statistic is written out here, without a p-value.
"""

import json
import numpy as np
from scipy import stats

generator = np.random.default_rng(20230530)
cases = []
for size, rate, law in [
    (1, 1.0, 1.0), (2, 1.0, 1.0), (5, 1.0, 1.0), (12, 1.0, 1.6), (40, 1.0, 1.0),
    (100, 2.0, 2.5), (500, 1.0, 1.0), (3000, 1.0, 1.03),
]:
    times = np.sort(generator.exponential(1 / rate, size))
    cdf = stats.expon(scale=1 / law).cdf
    ks = stats.kstest(times, cdf, method="exact")
    cvm = stats.cramervonmises(times, cdf) if size > 1 else None
    u = cdf(times)
    i = np.arange(1, size + 1)
    anderson = -size - np.sum((2 * i - 1) / size * (np.log(u) + np.log1p(-u[::-1])))
    cases.append({
        "times": times.tolist(), "rate": law,
        "kolmogorov_smirnov": [ks.statistic, ks.pvalue],
        "cramer_von_mises": [cvm.statistic, cvm.pvalue] if cvm else None,
        "anderson_darling": anderson,
    })
with open("one_sample.json", "w") as file:
    json.dump(cases, file, indent=1)
