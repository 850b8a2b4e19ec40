"""Excess risk of two students on two teacher units, by quadrature over the fields.

Pairs of fields by nested adaptive quadrature with the kinks of ReLU as break points; Hermite-product
targets by Gauss-Hermite grids over three fields. Writes network_risk.json.
"""
import json

import numpy as np
from numpy.polynomial import hermite_e
from scipy.integrate import quad
from scipy.special import erf

ACTIVATIONS = {
    "square": lambda x: x * x,
    "relu": lambda x: np.maximum(x, 0),
    "erf": lambda x: erf(x / np.sqrt(2)),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(0, x),
    "hermite": lambda x: hermite_e.hermeval(x, [0.3, 1, 0, -0.4]),
}


def density(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def pair(f, g, cov):
    """E[f(u) g(v)] for (u, v) of the covariance given."""
    (vu, c), (_, vv) = cov
    su = np.sqrt(vu)
    slope, rest = c / vu, np.sqrt(max(vv - c * c / vu, 0))

    def inner(u):
        if rest < 1e-12:
            return g(slope * u)
        kink = -slope * u / rest
        points = [kink] if abs(kink) < 12 else None
        return quad(lambda z: density(z) * g(slope * u + rest * z), -12, 12, points=points,
                    epsabs=1e-12, epsrel=1e-12, limit=200)[0]

    return quad(lambda z: density(z) * f(su * z) * inner(su * z), -12, 12, points=[0],
                epsabs=1e-11, epsrel=1e-11, limit=200)[0]


def mean_target(student, target, gram, a):
    """½E[(mean of units − f)²] from all pairs of the four fields."""
    gram = np.array(gram)
    functions = [ACTIVATIONS[student]] * 2 + [ACTIVATIONS[target]] * 2
    weights = np.array([-a[0] / 2, -a[1] / 2, 0.5, 0.5])
    total = 0.0
    for i in range(4):
        for j in range(i + 1):
            value = pair(functions[i], functions[j], gram[np.ix_([i, j], [i, j])])
            total += (1 if i == j else 2) * weights[i] * weights[j] * value
    return total / 2


def product_with(f, terms, gram, points):
    """E[f(u) g(v)] for g a sum of Hermite products of v, on a grid of the fields u, v_1, v_2."""
    nodes, weights = hermite_e.hermegauss(points)
    weights = weights / weights.sum()
    factor = np.linalg.cholesky(np.array(gram))
    grid = np.meshgrid(*[nodes] * 3, indexing="ij", sparse=True)
    weight = np.ones(())
    for w in np.meshgrid(*[weights] * 3, indexing="ij", sparse=True):
        weight = weight * w
    fields = [sum(factor[i, j] * grid[j] for j in range(i + 1)) for i in range(3)]
    value = 0.0
    for coefficient, degrees in terms:
        product = coefficient
        for r, n in enumerate(degrees):
            product = product * hermite_e.hermeval(fields[1 + r], [0] * n + [1])
        value = value + product
    return (weight * f(fields[0], value) * value).sum()


def hermite_target(student, terms, gram, a):
    """½E[(g − f)²] for a target g of Hermite products."""
    gram = np.array(gram)
    f = ACTIVATIONS[student]
    total = product_with(lambda u, g: g, terms, gram[np.ix_([0, 2, 3], [0, 2, 3])], 8)
    for i in range(2):
        at = [i, 2, 3]
        total -= a[i] * product_with(lambda u, g: f(u), terms, gram[np.ix_(at, at)], 160)
        for j in range(2):
            at = [i, j]
            total += a[i] * a[j] / 4 * pair(f, f, gram[np.ix_(at, at)] if i != j else
                                            np.full((2, 2), gram[i, i]))
    return total / 2


SPHERICAL = [[1, 0.2, 0.35, -0.1], [0.2, 1, -0.25, 0.4], [0.35, -0.25, 1, 0], [-0.1, 0.4, 0, 1]]
FREE = [[1.7, 0.2, 0.35, -0.1], [0.2, 0.6, -0.25, 0.4], [0.35, -0.25, 1.2, 0.3], [-0.1, 0.4, 0.3, 0.9]]
TERMS = [[1.0, [1, 0]], [0.5, [1, 1]], [-0.3, [0, 3]]]
LAYER = [1.3, -0.6]

if __name__ == "__main__":
    cases = []
    pairs = [(name, name) for name in ACTIVATIONS]
    pairs += [("tanh", "square"), ("relu", "hermite"), ("hermite", "relu"), ("erf", "tanh")]
    for gram, constraint in ((SPHERICAL, "spherical"), (FREE, "free")):
        for student, target in pairs:
            cases.append({"student": student, "target": target, "terms": [], "gram": gram,
                          "constraint": constraint, "second_layer": LAYER,
                          "risk": mean_target(student, target, gram, LAYER)})
        for student in ("hermite", "tanh", "erf"):
            cases.append({"student": student, "target": "", "terms": TERMS, "gram": gram,
                          "constraint": constraint, "second_layer": LAYER,
                          "risk": hermite_target(student, TERMS, gram, LAYER)})
    for case in cases:
        case["terms"] = [{"coefficient": c, "degrees": n} for c, n in case["terms"]]
    with open("network_risk.json", "w") as file:
        json.dump(cases, file, indent=1)
        file.write("\n")
