"""Mean and standard deviation of the SDE's exit time for p = k = 1, without Monte Carlo.

The overlap m follows dm = b(m) dt + sqrt(v(m)) dB, and R = 2(1 - m^2) is below (1 - T) R(0) as soon
as |m| reaches eta. By symmetry 0 reflects, and the moments solve the backward Kolmogorov equation
1/2 v u'' + b u' = -1 (then -2u), u'(0) = 0, u(eta) = 0, here as a boundary-free initial-value
problem in u' from 0, integrated to 1e-12. Drift and variance are one-sample expectations over the
fields by Gauss-Hermite quadrature, exact for these polynomials, so that nothing is shared with the
package's closed forms. Writes exit_moments.json beside itself.
"""
import json
import pathlib

import numpy as np
from scipy.integrate import solve_ivp

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(14)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
G1, G2, Z = np.meshgrid(NODES, NODES, NODES, indexing="ij")
WEIGHT = WEIGHTS[:, None, None] * WEIGHTS[None, :, None] * WEIGHTS[None, None, :]


def coefficients(m, gamma, delta):
    """Drift, finite-size drift times d, and variance rate times d/gamma, at the overlap m."""
    field = m * G1 + np.sqrt(1 - m * m) * G2
    error = G1**2 - field**2 + np.sqrt(delta) * Z
    u = 2 * gamma * error * field
    a, q = u * G1, 2 * u * field + u * u
    first = a - m * q / 2
    second = 3 / 8 * m * q * q - a * q / 2 - m * u * u * (G1**2 + G2**2 - 2) / 2
    drift = (WEIGHT * first).sum() / gamma
    variance = ((WEIGHT * first**2).sum() - (WEIGHT * first).sum() ** 2) / gamma**2
    return drift, (WEIGHT * second).sum() / gamma, variance


def polynomials(gamma, delta):
    nodes = np.linspace(0.1, 0.95, 9)
    rows = np.array([coefficients(m, gamma, delta) for m in nodes])
    powers = nodes[:, None] ** (2 * np.arange(6))
    fit = lambda y: np.linalg.lstsq(powers, y, rcond=None)[0]
    return fit(rows[:, 0] / nodes), fit(rows[:, 1] / nodes), fit(rows[:, 2])


def moments(dimension, gamma, delta, start, threshold, finite_size):
    drift, extra, variance = polynomials(gamma, delta)
    total = drift + (extra / dimension if finite_size else 0)
    eta = np.sqrt(1 - (1 - threshold) * (1 - start * start))
    evaluate = lambda c, m: np.polyval(c[::-1], m * m)

    def backward(m, y):
        b = m * evaluate(total, m)
        half = gamma / dimension * evaluate(variance, m) / 2
        u1, d1, u2, d2 = y
        return [d1, (-1 - b * d1) / half, d2, (-2 * u1 - b * d2) / half]

    # u1 is only known up to a constant until its value at eta is, so it is found first.
    options = dict(method="DOP853", rtol=1e-12, atol=1e-14)
    first = solve_ivp(backward, (0, eta), [0, 0, 0, 0], **options)
    u0 = -first.y[0, -1]
    both = solve_ivp(backward, (0, eta), [u0, 0, 0, 0], dense_output=True, **options)
    offset = -both.y[2, -1]
    u1, _, u2, _ = both.sol(abs(start))
    mean = float(u1)
    return mean, float(np.sqrt(u2 + offset - mean * mean))


if __name__ == "__main__":
    cases = []
    for dimension in (300, 1000, 3000):
        for threshold in (0.01, 0.5):
            for finite_size in (False, True):
                start = 0.0184786795 if dimension == 3000 else 0.05
                mean, deviation = moments(dimension, 0.1, 1e-4, start, threshold, finite_size)
                cases.append(
                    dict(
                        dimension=dimension,
                        learning_rate=0.1,
                        label_noise=1e-4,
                        start=start,
                        threshold=threshold,
                        finite_size_drift=finite_size,
                        mean=mean,
                        standard_deviation=deviation,
                    )
                )
                print(cases[-1])
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(cases, indent=1) + "\n")
