"""The three tasks, their models and the check against the program. See run.sh."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Benchmarks"))

RATE, NOISE = 0.1, 1e-4
START = 0.0184786795
SDE_STEP = 1e-3
# Fraction of the initial risk at which a replica leaves.
THRESHOLD = 0.01


def boundary(start):
    """The |m| at which the risk 2 (1 − m²) is below (1 − T) times its start."""
    return math.sqrt(1 - (1 - THRESHOLD) * (1 - start * start))


# Per unit τ, for γ = 0.1 and Δ = 1e-4, without the finite-size drift: dm = m P(m²) dτ +
# √(γ/d V(m²)) dB, coefficients in ascending powers of m², by Gauss-Hermite quadrature.
def polynomials():
    import numpy as np

    nodes, weights = np.polynomial.hermite_e.hermegauss(14)
    weights = weights / weights.sum()
    g1, g2, z = np.meshgrid(nodes, nodes, nodes, indexing="ij")
    weight = weights[:, None, None] * weights[None, :, None] * weights[None, None, :]
    drifts, variances, points = [], [], np.linspace(0.1, 0.95, 9)
    for m in points:
        field = m * g1 + np.sqrt(1 - m * m) * g2
        u = 2 * RATE * (g1**2 - field**2 + np.sqrt(NOISE) * z) * field
        first = u * g1 - m * (2 * u * field + u * u) / 2
        mean = (weight * first).sum()
        drifts.append(mean / RATE / m)
        variances.append(((weight * first**2).sum() - mean**2) / RATE**2)
    powers = points[:, None] ** (2 * np.arange(5))
    fit = lambda y: [float(c) for c in np.linalg.lstsq(powers, np.array(y), rcond=None)[0]]
    return fit(drifts), fit(variances)


def program(dynamics, dimension, replicas, start, **options):
    """The program's mean exit time, its standard error and its ns a step, on one thread."""
    from measure import arguments, run

    report = run(arguments(
        dynamics, dimension=dimension, replicas=replicas, thresholds=str(THRESHOLD), seed=7,
        start=f"overlaps:{start}", **options))[0]
    record, timing = report["exit_times"][0], report["timing"][dynamics]
    return record["mean"], record["standard_error"], 1e9 * timing["seconds"] / timing["steps"]


def clock(function, repetitions=5):
    """Seconds of each of several runs after one that warms up (and compiles)."""
    function()
    seconds = []
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return seconds
