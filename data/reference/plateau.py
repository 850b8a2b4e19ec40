"""Fixed points of the ODE of phase retrieval, k = 1, spherical, for plateau.json.

An implementation of its own: students that are all alike, M_j = m and Q_jl = q, leave two equations, whose
expectations are taken by Isserlis' theorem over all pairings of the fields rather than by closed forms, and
whose root is SciPy's. Run: python3 data/reference/plateau.py > data/reference/plateau.json
"""

import itertools
import json

import numpy as np
from scipy.optimize import fsolve


def pairings(items):
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for i, other in enumerate(rest):
        for tail in pairings(rest[:i] + rest[i + 1 :]):
            yield [(first, other)] + tail


PAIRINGS = {n: list(pairings(tuple(range(n)))) for n in (2, 4, 6)}


def moment(gram, fields):
    """E of a product of Gaussian fields."""
    if not fields:
        return 1.0
    return sum(
        np.prod([gram[fields[a]][fields[b]] for a, b in pairing]) for pairing in PAIRINGS[len(fields)]
    )


def terms(width):
    """The error as Σ c λ_i²: students with equal overlaps are grouped by how often they recur."""
    return [-1.0 / width] * width + [1.0]


def expectations(width, m, q, noise, i, j):
    """E[ℰ λ_i λ_j] and E[ℰ² λ_i λ_j]; the teacher is field `width`."""
    gram = np.full((width + 1, width + 1), q)
    np.fill_diagonal(gram, 1.0)
    gram[width, :width] = gram[:width, width] = m
    form = terms(width)
    first = sum(c * moment(gram, (a, a, i, j)) for a, c in enumerate(form))
    second = noise * gram[i][j]
    for (a, c), (b, e) in itertools.product(enumerate(form), repeat=2):
        second += c * e * moment(gram, (a, a, b, b, i, j))
    return first, second


def drift(state, width, rate, noise):
    m, q = state if width > 1 else (state[0], 1.0)
    own1, own2 = expectations(width, m, q, noise, 0, 0)
    pull, _ = expectations(width, m, q, noise, 0, width)
    growth = 4 * own1 + 4 * rate / width * own2
    result = [2 * pull - 0.5 * growth * m]
    if width > 1:
        pair1, pair2 = expectations(width, m, q, noise, 0, 1)
        result.append(4 * pair1 + 4 * rate / width * pair2 - growth * q)
    return result


def risk(width, m, q):
    gram = np.full((width + 1, width + 1), q)
    np.fill_diagonal(gram, 1.0)
    gram[width, :width] = gram[:width, width] = m
    form = np.diag(terms(width))
    product = form @ gram
    return 0.5 * np.trace(product) ** 2 + np.trace(product @ product)


rows = []
for width in (1, 2, 4, 8):
    for noise in (1e-4, 1e-2, 1.0):
        rate = 0.1 * width
        guess = [1 - 0.02 * noise, 1 - 0.04 * noise][: 1 if width == 1 else 2]
        root, _, status, _ = fsolve(
            drift, guess, args=(width, rate, noise), xtol=1e-14, full_output=True
        )
        q = root[1] if width > 1 else 1.0
        assert np.abs(drift(root, width, rate, noise)).max() < 1e-12, (width, noise)
        rows.append(
            {
                "width": width,
                "learning_rate": rate,
                "label_noise": noise,
                "overlap": root[0],
                "student_overlap": q,
                "excess_risk": risk(width, root[0], q),
            }
        )
print(json.dumps(rows, indent=1))
