"""Finite-size drift of the overlap for p = k = 1 by Gauss-Hermite quadrature.

The expression of the theory, the one-step mean of
[3/8 m q^2 - 1/2 a q - 1/2 m u^2 (|g|^2 - 2)], is a polynomial in three independent normals, so
that twenty nodes a direction integrate it exactly. Prints d times the drift per unit time.
"""
import numpy as np


def finite_size_drift(m, learning_rate, label_noise):
    nodes, weights = np.polynomial.hermite_e.hermegauss(20)
    weights = weights / weights.sum()
    g1, g2, z = np.meshgrid(nodes, nodes, nodes, indexing="ij")
    weight = weights[:, None, None] * weights[None, :, None] * weights[None, None, :]
    field = m * g1 + np.sqrt(1 - m * m) * g2
    error = g1**2 - field**2 + np.sqrt(label_noise) * z
    u = 2 * learning_rate * error * field
    a, q = u * g1, 2 * u * field + u * u
    term = 3 / 8 * m * q * q - a * q / 2 - m * u * u * (g1**2 + g2**2 - 2) / 2
    return (weight * term).sum() / learning_rate


if __name__ == "__main__":
    print(repr(float(finite_size_drift(0.4, 0.1, 0.1))))
