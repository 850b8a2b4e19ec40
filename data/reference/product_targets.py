"""Excess risk of two students for targets of products of one-variable functions.

Expectations over the teacher fields by Gauss-Legendre panels on either side of 0, where factors may jump, and over
what is left of a student by a Gauss-Hermite rule of 80 nodes; pairs of students by nested panels. Writes
product_targets.json.
"""
import json

import numpy as np
from numpy.polynomial import hermite_e, legendre
from scipy.special import erf


def he(n):
    return lambda x: hermite_e.hermeval(x, [0] * n + [1])


FUNCTIONS = {
    "one": lambda x: np.ones_like(x),
    "identity": lambda x: x,
    "sign": np.sign,
    "step": lambda x: (x > 0) * 1.0,
    "abs": np.abs,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "erf": lambda x: erf(x / np.sqrt(2)),
    **{f"he{n}": he(n) for n in range(9)},
}

# Half-line nodes for the standard normal: panels of width 1 up to 10.
NODES, WEIGHTS = legendre.leggauss(10)
HALF = np.concatenate([i + (NODES + 1) / 2 for i in range(10)])
HALF_WEIGHTS = np.concatenate([WEIGHTS / 2 for _ in range(10)]) * np.exp(-HALF**2 / 2) / np.sqrt(2 * np.pi)
X = np.concatenate([-HALF[::-1], HALF])
W = np.concatenate([HALF_WEIGHTS[::-1], HALF_WEIGHTS])
Z, ZW = hermite_e.hermegauss(80)
ZW = ZW / np.sqrt(2 * np.pi)


def product(term, grid):
    value = term["coefficient"]
    for name, x in zip(term["factors"], grid):
        value = value * FUNCTIONS[name](x)
    return value


def student_mean(name, field, rest):
    """E over the part of the student off the teacher's span."""
    sigma = FUNCTIONS[name]
    if name == "relu":
        # Closed form, since the kink spoils the rule.
        t = field / rest
        return field * 0.5 * (1 + erf(t / np.sqrt(2))) + rest * np.exp(-t * t / 2) / np.sqrt(2 * np.pi)
    total = 0.0
    for z, w in zip(Z, ZW):
        total = total + w * sigma(field + rest * z)
    return total


def risk(student, terms, k, overlaps, gram, a):
    """Students of unit norm with overlaps (2 x k) and a mutual overlap."""
    axes = np.meshgrid(*[X] * k, indexing="ij")
    weight = 1.0
    for w in np.meshgrid(*[W] * k, indexing="ij"):
        weight = weight * w
    label = sum(product(t, axes) for t in terms)
    total = np.sum(weight * label**2)
    for j in range(2):
        field = sum(c * x for c, x in zip(overlaps[j], axes))
        rest = np.sqrt(1 - np.sum(np.square(overlaps[j])))
        total -= 2 * a[j] / 2 * np.sum(weight * label * student_mean(student, field, rest))
    sigma = FUNCTIONS[student]
    own = np.sum(W * sigma(X) ** 2)
    rest = np.sqrt(1 - gram**2)
    cross = np.sum(W * sigma(X) * student_mean(student, gram * X, rest))
    total += (a[0] ** 2 + a[1] ** 2) / 4 * own + 2 * a[0] * a[1] / 4 * cross
    return total / 2


CASES = [
    ("he3", 3, [(1, ["he4"]), (5, ["sign", "sign", "sign"])]),
    ("he4", 3, [(1, ["he4"]), (5, ["sign", "sign", "sign"])]),
    ("erf", 2, [(1, ["sign", "sign"]), (-0.5, ["one", "identity"]), (0.3, ["abs", "he3"])]),
    ("relu", 2, [(1, ["step", "abs"]), (0.7, ["tanh"])]),
    ("relu", 1, [(1, ["abs"]), (0.5, ["step"]), (0.2, ["relu"])]),
    ("tanh", 2, [(1, ["relu", "step"]), (0.2, ["erf", "he2"])]),
    ("he2", 2, [(1, ["he1", "he3"]), (2, ["identity", "one"]), (0.5, ["he0", "he2"])]),
]
OVERLAPS = {1: [[0.6], [-0.3]], 2: [[0.5, -0.4], [0.2, 0.6]], 3: [[0.5, -0.4, 0.3], [0.2, 0.6, 0.5]]}

rows = []
for student, k, terms in CASES:
    terms = [{"coefficient": c, "factors": f} for c, f in terms]
    overlaps, gram, a = OVERLAPS[k], 0.1, [1.2, 0.7]
    rows.append({"student": student, "terms": terms, "overlaps": overlaps, "gram": gram, "second_layer": a,
                 "risk": risk(student, terms, k, overlaps, gram, a)})
    print(student, rows[-1]["risk"])
with open("product_targets.json", "w") as file:
    json.dump(rows, file, indent=1)
    file.write("\n")
