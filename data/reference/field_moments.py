"""Drift and noise of the overlaps for any activations, by nested panels over the fields.

The fields are L z with z standard normal, L the Cholesky factor of their covariance. The axes of z are taken one
after the other; on each the panels of a Gauss-Legendre rule part at the place where the field that ends there is
zero, which is where ReLU has its kink and a steep tanh turns, and grow from there by factors of two. Writes
field_moments.json: per unit of time the drift of M, Q and a, and the covariance C of their increments, for the
free and the spherical constraint, and the excess risk.
"""
import itertools
import json

import numpy as np
from scipy.special import erf, expit

ACTIVATIONS = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "erf": (lambda x: erf(x / np.sqrt(2)), lambda x: np.sqrt(2 / np.pi) * np.exp(-x * x / 2)),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(np.clip(x, -300, 300)) ** 2),
    "sigmoid": (expit, lambda x: expit(x) * expit(-x)),
    "softplus": (lambda x: np.logaddexp(0, x), expit),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "linear": (lambda x: x, np.ones_like),
    # He_1 + 0.4 He_2 - 0.2 He_3
    "hermite": (lambda x: x + 0.4 * (x * x - 1) - 0.2 * (x**3 - 3 * x),
                lambda x: 1 + 0.8 * x - 0.6 * (x * x - 1)),
}
REACH = 9.5


def edges(smallest, longest):
    """Distances from a kink at which panels part."""
    steps = [0.0, smallest]
    while steps[-1] < 2 * REACH:
        steps.append(min(2 * steps[-1], steps[-1] + longest))
    return np.array(steps)


def panels(kinks, smallest, longest, count):
    """Nodes and weights of the normal density, a row a kink; panels grow away from it on both sides."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    nodes, weights = (nodes + 1) / 2, weights / 2
    steps = edges(smallest, longest)
    points, shares = [], []
    for side in (-1, 1):
        for low, high in zip(steps[:-1], steps[1:]):
            a = np.clip(kinks + side * low, -REACH, REACH)[:, None]
            b = np.clip(kinks + side * high, -REACH, REACH)[:, None]
            z = a + (b - a) * nodes
            points.append(z)
            shares.append(abs(b - a) * weights * np.exp(-z * z / 2) / np.sqrt(2 * np.pi))
    return np.concatenate(points, 1), np.concatenate(shares, 1)


def grids(covariance, order, smallest, longest, count):
    """Fields (a column each) and weights; `order` lists the fields in the order of their axes.

    Handed out a node of the first axis at a time, which keeps them small.
    """
    factor = np.linalg.cholesky(np.array(covariance)[np.ix_(order, order)])
    first, weights = panels(np.zeros(1), smallest, longest, count)
    chunk = 1 if len(order) > 2 else first.size
    for start in range(0, first.size, chunk):
        z = first[0, start:start + chunk, None]
        weight = weights[0, start:start + chunk]
        for i in range(1, len(order)):
            kink = np.clip(-(z @ factor[i, :i]) / factor[i, i], -REACH, REACH)
            points, shares = panels(kink, smallest, longest, count)
            weight = (weight[:, None] * shares).ravel()
            z = np.concatenate([np.repeat(z, points.shape[1], 0), points.reshape(-1, 1)], 1)
            keep = weight > 1e-24
            z, weight = z[keep], weight[keep]
        fields = np.empty_like(z)
        fields[:, order] = z @ factor.T
        yield fields, weight


def moments(case, *panelling):
    """The drift and the covariance of (M, Q, a) per unit of time, and the excess risk."""
    p, k = case["width"], case["teacher_units"]
    total, product, risk = 0, 0, 0
    for fields, weight in grids(case["gram"], list(range(p, p + k)) + list(range(p)), *panelling):
        # Three Gauss-Hermite nodes are exact for the fourth power of the label noise.
        for node, share in ((-np.sqrt(3), 1 / 6), (0.0, 2 / 3), (np.sqrt(3), 1 / 6)):
            x = increments(case, fields, node)
            total = total + share * (x @ weight)
            product = product + share * (x * weight) @ x.T
        risk = risk + 0.5 * clean_error(case, fields)**2 @ weight
    return total, product - np.outer(total, total), risk


def clean_error(case, fields):
    """The error without the label's noise."""
    p = case["width"]
    value = ACTIVATIONS[case["student"]][0]
    labels = ACTIVATIONS[case["target"]][0](fields[:, p:]).mean(1)
    return labels - (value(fields[:, :p]) * np.array(case["second_layer"])).sum(1) / p


def increments(case, fields, node):
    """What one sample adds to (M, Q, a), times d p/gamma; rows are numbers of the state, columns samples."""
    p, k = case["width"], case["teacher_units"]
    gram, a = np.array(case["gram"]), np.array(case["second_layer"])
    value, slope = ACTIVATIONS[case["student"]]
    students, teacher = fields[:, :p], fields[:, p:]
    rate = case["learning_rate"] / p
    error = clean_error(case, fields) + np.sqrt(case["label_noise"]) * node
    u = rate * a * error[:, None] * slope(students)
    q = 2 * u * students + u * u
    is_spherical = case["constraint"] == "spherical"
    rows = []
    for j, r in itertools.product(range(p), range(k)):
        x = u[:, j] * teacher[:, r]
        rows.append(x - 0.5 * gram[j][p + r] * q[:, j] if is_spherical else x)
    for j in range(p):
        for l in range(j + 1):
            x = u[:, j] * students[:, l] + u[:, l] * students[:, j] + u[:, j] * u[:, l]
            if is_spherical:
                x = x - 0.5 * gram[j][l] * (q[:, j] + q[:, l]) if j != l else 0 * x
            rows.append(x)
    for j in range(p):
        rows.append(rate * case["second_layer_pace"] * error * value(students[:, j]))
    return np.array(rows) / rate


def pair(norm, overlap, unit=1.0):
    """The Gram matrix of one student and one unit of the teacher, of correlation `overlap`."""
    return [[norm**2, overlap * norm * unit], [overlap * norm * unit, unit**2]]


def case(student, target, gram, width=1, units=1, **other):
    return {"student": student, "target": target, "gram": gram, "width": width,
            "teacher_units": units, "second_layer": [1.3, -0.7, 0.9][:width], "learning_rate": 0.8,
            "label_noise": 0.2, "second_layer_pace": 1.0, "constraint": "free", **other}


THREE = [[1.3, 0.4, 0.5], [0.4, 0.8, -0.3], [0.5, -0.3, 1.0]]
NEAR = [[1.0, 0.85, 0.93], [0.85, 1.0, 0.9], [0.93, 0.9, 1.0]]
FOUR = [[1.2, 0.3, 0.1, 0.4], [0.3, 0.9, -0.2, 0.5], [0.1, -0.2, 1.0, 0.3], [0.4, 0.5, 0.3, 1.1]]


def cases():
    found = [case("relu", "relu", pair(1.0, 0.05))]
    for student, target in (("relu", "relu"), ("relu", "tanh"), ("relu", "hermite"), ("relu", "erf"),
                            ("relu", "sigmoid"), ("relu", "softplus"), ("tanh", "relu"),
                            ("erf", "relu"), ("sigmoid", "relu"), ("softplus", "relu"),
                            ("hermite", "relu"), ("square", "relu"), ("tanh", "tanh"), ("erf", "tanh"),
                            ("softplus", "sigmoid"), ("tanh", "hermite")):
        for overlap in (0.01, 0.5, 0.97):
            found.append(case(student, target, pair(1.0, overlap)))
            found.append(case(student, target, pair(1.0, overlap), constraint="spherical",
                              second_layer_pace=0.0))
        for norm in (0.01, 0.3, 3.0, 10.0, 100.0):
            if student in ("hermite", "square") and norm > 10:
                continue
            found.append(case(student, target, pair(norm, 0.6)))
    for student in ("tanh", "sigmoid", "softplus"):
        for norm in (1.5, 6.0, 10.0, 31.0, 100.0):
            found.append(case(student, "linear", pair(norm, 0.6)))
            found.append(case(student, student, pair(norm, 0.95)))
    for student, target in (("tanh", "tanh"), ("softplus", "sigmoid"), ("erf", "tanh"), ("relu", "softplus")):
        found.append(case(student, target, pair(10.0, 0.9, 8.0)))
        found.append(case(student, target, pair(1.0, 0.9, 8.0)))
    for gram in (THREE, NEAR):
        found.append(case("relu", "relu", gram, 2, 1))
        found.append(case("relu", "relu", gram, 1, 2))
        found.append(case("relu", "tanh", gram, 2, 1))
        found.append(case("tanh", "relu", gram, 1, 2))
        found.append(case("tanh", "tanh", gram, 2, 1))
        found.append(case("softplus", "relu", gram, 2, 1))
    found.append(case("relu", "relu", FOUR, 2, 2))
    found.append(case("relu", "relu", FOUR, 3, 1))
    return found


if __name__ == "__main__":
    results = []
    for item in cases():
        n = item["width"] + item["teacher_units"]
        norm = np.sqrt(np.array(item["gram"]).diagonal().max())
        finest, longest = (min(1.0, 0.5 / norm), 1.0) if n == 2 else (1.5, 3.0)
        fine, coarse = {2: (12, 9), 3: (12, 9), 4: (7, 5)}[n]
        drift, covariance, risk = moments(item, finest, longest, fine)
        other = moments(item, finest, longest, coarse)
        largest = abs(drift).max(), abs(covariance).max()
        error = max(abs(drift - other[0]).max() / largest[0],
                    abs(covariance - other[1]).max() / largest[1], abs(risk - other[2]) / risk)
        item.update(drift=drift.tolist(), covariance=covariance.tolist(), risk=risk, error=error)
        print(item["student"], item["target"], n, item["gram"][0], f"{error:.1e}", drift, risk)
        results.append(item)
    with open("field_moments.json", "w") as file:
        json.dump(results, file, separators=(",", ":"))
        file.write("\n")
