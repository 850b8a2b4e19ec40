"""The law of the SDE's exit time for p = k = 1 up to both ends, without Monte Carlo.

dm = b(m) dt + sqrt(v(m)) dB; |m| is reflected at 0 and leaves at eta, where 1 - eta^2 = (1 - T)(1 - m0^2).
Drift and variance are one-sample expectations in forty digits, by Gauss-Hermite rules that are exact for
these polynomials, as polynomials of e = 1 - m^2, so that nothing cancels near perfect alignment.

Moments: in x = artanh m the mean T(x) of the passage from 0 to x and its variance solve linear equations
of first order, here by collocation on Chebyshev panels; a passage from m0 to eta is the integral between.
Random starts have the density (1 - m^2)^((d - 3)/2) and are averaged by Gauss-Legendre panels.

Survival: the backward equation on Chebyshev panels that are graded towards the boundary, advanced by the
matrix exponential. Watched every h, it is advanced by exp(h G) from look to look and set to 0 beyond eta
at each; the mean solves (1 - K) u = h.

Writes exit_law.json beside itself; takes some minutes. Needs NumPy, SciPy and mpmath.
"""
import json
import pathlib

import mpmath as mp
import numpy as np
from scipy.linalg import expm

mp.mp.dps = 40


def gauss_hermite(count):
    """Nodes and weights for a standard normal, from the roots of He_n."""
    he = [[mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]]
    for n in range(1, count):
        up = [mp.mpf(0)] + he[n]
        for i, value in enumerate(he[n - 1]):
            up[i] -= n * value
        he.append(up)
    nodes = [mp.re(x) for x in mp.polyroots(he[count][::-1], maxsteps=200, extraprec=200)]
    previous = lambda x: mp.polyval(he[count - 1][::-1], x)
    weights = [mp.factorial(count) / (count * previous(x)) ** 2 for x in nodes]
    return nodes, weights


NODES, WEIGHTS = gauss_hermite(8)


def one_step(m, gamma, delta):
    """Drift, finite-size drift times d, and variance rate times d/gamma, at the overlap m."""
    rest, noise = mp.sqrt(1 - m * m), mp.sqrt(delta)
    drift = second = square = mp.mpf(0)
    for g1, w1 in zip(NODES, WEIGHTS):
        for g2, w2 in zip(NODES, WEIGHTS):
            field = m * g1 + rest * g2
            for z, w3 in zip(FOUR_NODES, FOUR):
                u = 2 * gamma * (g1**2 - field**2 + noise * z) * field
                weight = w1 * w2 * w3
                a, q = u * g1, 2 * u * field + u * u
                first = a - m * q / 2
                drift += weight * first
                square += weight * first**2
                second += weight * (
                    mp.mpf(3) / 8 * m * q * q - a * q / 2 - m * u * u * (g1**2 + g2**2 - 2) / 2)
    return drift / gamma, second / gamma, (square - drift**2) / gamma**2


FOUR_NODES, FOUR = gauss_hermite(4)


def polynomials(gamma, delta, dimension, finite_size=True):
    """Coefficients in ascending powers of e of the drift over m and of the variance rate."""
    gamma, delta = mp.mpf(repr(gamma)), mp.mpf(repr(delta))
    nodes = [mp.mpf(i) / 8 for i in range(7)]
    rows = [one_step(mp.sqrt(1 - e), gamma, delta) for e in nodes]
    matrix = mp.matrix([[e**j for j in range(7)] for e in nodes])
    # The drift over m is not seen at e = 1, m = 0: the nodes end short of it.
    fit = lambda values: mp.lu_solve(matrix, mp.matrix(values))
    m = [mp.sqrt(1 - e) for e in nodes]
    drift = fit([(r[0] + (r[1] / dimension if finite_size else 0)) / x for r, x in zip(rows, m)])
    variance = fit([r[2] * gamma / dimension for r in rows])
    for c in (drift, variance):
        assert max(abs(c[j]) for j in (5, 6)) < mp.mpf(10) ** -30
    return [float(x) for x in drift[:5]], [float(x) for x in variance[:5]]


CHEB = 20
_theta = np.pi * np.arange(CHEB) / (CHEB - 1)
POINTS = -np.cos(_theta)
_c = np.ones(CHEB)
_c[0] = _c[-1] = 2
_c *= (-1.0) ** np.arange(CHEB)
_gap = POINTS[:, None] - POINTS[None, :] + np.eye(CHEB)
DIFFERENCE = np.outer(_c, 1 / _c) / _gap
DIFFERENCE -= np.diag(DIFFERENCE.sum(1))
BARYCENTRIC = (-1.0) ** np.arange(CHEB)
BARYCENTRIC[[0, -1]] /= 2
LEGENDRE, LEGENDRE_WEIGHTS = np.polynomial.legendre.leggauss(16)


def interpolation(t):
    """The row that takes values at POINTS to the value at t in [-1, 1]."""
    gap = t - POINTS
    if np.any(gap == 0):
        return (gap == 0).astype(float)
    row = BARYCENTRIC / gap
    return row / row.sum()


class Line:
    """The diffusion in x = artanh m: u'' + Q u' = P s u for its transform."""

    def __init__(self, dimension, gamma, delta, finite_size=True):
        self.dimension = dimension
        self.drift_c, self.variance_c = polynomials(gamma, delta, dimension, finite_size)
        self.noise = np.sqrt(self.variance(0.0) / (2 * abs(self.rate(0.0))))

    def rate(self, x):
        return np.polyval(self.drift_c[::-1], 1 / np.cosh(x) ** 2)

    def variance(self, x):
        return np.polyval(self.variance_c[::-1], 1 / np.cosh(x) ** 2)

    def source(self, x):
        return 2 / np.cosh(x) ** 4 / self.variance(x)

    def pull(self, x):
        return 2 * np.tanh(x) * self.rate(x) / np.cosh(x) ** 2 / self.variance(x) + 2 * np.tanh(x)


class Passage:
    """Mean and variance of the passage from 0, on panels up to `end`."""

    def __init__(self, line, end):
        edges = [0.0]
        while edges[-1] < end:
            x = edges[-1]
            step = min(0.2 * np.hypot(x, line.noise), 0.12)
            against = max(-line.pull(x + step), -line.pull(x), 0)
            edges.append(x + min(step, 4 / (against + 1e-9)))
        self.edges = np.array(edges)
        self.first, self.second = [], []
        a = b = 0.0
        for left, right in zip(edges, edges[1:]):
            half = (right - left) / 2
            x = left + half * (1 + POINTS)
            operator = DIFFERENCE / half + np.diag(line.pull(x))
            operator[0] = 0
            operator[0, 0] = 1
            right_side = line.source(x)
            right_side[0] = a
            first = np.linalg.solve(operator, right_side)
            right_side = first**2
            right_side[0] = b
            second = np.linalg.solve(operator, right_side)
            a, b = first[-1], second[-1]
            self.first.append(first)
            self.second.append(second)

    def between(self, start, gap):
        """Mean and variance of the passage from `start` over `gap`, both in x."""
        end = start + gap
        index = max(np.searchsorted(self.edges, start, "right") - 1, 0)
        mean = variance = 0.0
        left, covered = start, 0.0
        while True:
            edge = self.edges[index + 1]
            piece = min(edge - left, gap - covered)
            low, high = self.edges[index], edge
            at = left + piece * (1 + LEGENDRE) / 2
            rows = np.array([interpolation(t) for t in 2 * (at - low) / (high - low) - 1])
            mean += piece / 2 * LEGENDRE_WEIGHTS @ (rows @ self.first[index])
            variance += piece * LEGENDRE_WEIGHTS @ (rows @ self.second[index])
            covered += piece
            if covered >= gap * (1 - 1e-15) or index + 2 >= len(self.edges):
                return mean, variance
            left, index = edge, index + 1


def gap_to(threshold, start):
    """The distance in x from `start` to the boundary at `threshold`."""
    m, e = np.tanh(start), 1 / np.cosh(start) ** 2
    eta = np.sqrt(1 - (1 - threshold) * e)
    # (eta - m)/(1 - eta m), with eta^2 - m^2 = T e and 1 - eta^2 m^2 without cancellation.
    top = threshold * e / (eta + m)
    bottom = (e + m * m * (1 - threshold) * e) / (1 + eta * m)
    return np.arctanh(top / bottom) if top / bottom < 0.5 else (
        np.log((1 + eta) / np.sqrt((1 - threshold) * e)) - start)


def random_starts(dimension, threshold):
    """Starts in x with weights that sum to 1."""
    power = (dimension - 3) / 2 + 1
    end = np.arccosh(np.exp(20 / power)) if 20 / power < 300 else 30
    small = 0.05 * min(np.sqrt(threshold), 1 / np.sqrt(dimension))
    edges = [0.0, small]
    while edges[-1] < end:
        edges.append(edges[-1] * 1.5 if edges[-1] * 0.5 < end / 24 else edges[-1] + end / 24)
    starts, weights = [], []
    for left, right in zip(edges, edges[1:]):
        x = left + (right - left) * (1 + LEGENDRE) / 2
        starts.append(x)
        weights.append((right - left) * LEGENDRE_WEIGHTS * np.exp(-2 * power * np.log(np.cosh(x))))
    starts, weights = np.concatenate(starts), np.concatenate(weights)
    return starts, weights / weights.sum()


def moments(line, start, threshold):
    """Mean and standard deviation; `start` None for random starts."""
    if start is None:
        starts, weights = random_starts(line.dimension, threshold)
    else:
        starts, weights = np.array([np.arctanh(start)]), np.array([1.0])
    gaps = np.array([gap_to(threshold, x) for x in starts])
    passage = Passage(line, (starts + gaps).max() * (1 + 1e-12))
    values = np.array([passage.between(x, g) for x, g in zip(starts, gaps)])
    mean = weights @ values[:, 0]
    variance = weights @ (values[:, 1] + (values[:, 0] - mean) ** 2)
    return mean, np.sqrt(variance)


class Generator:
    """1/2 v d^2 + b d on Chebyshev panels in x, even at 0, continuous with its slope at the edges."""

    def __init__(self, line, edges, absorbed):
        edges = np.array(edges)
        count = len(edges) - 1
        self.edges, size = edges, count * (CHEB - 1) + 1
        place = lambda k: slice(k * (CHEB - 1), k * (CHEB - 1) + CHEB)
        operator, conditions = np.zeros((size, size)), []
        self.x = np.zeros(size)
        slopes = np.zeros((count, 2, size))
        for k in range(count):
            half = (edges[k + 1] - edges[k]) / 2
            x = edges[k] + half * (1 + POINTS)
            self.x[place(k)] = x
            first = DIFFERENCE / half
            half_rate = 1 / line.source(x)
            rows = half_rate[:, None] * (first @ first + line.pull(x)[:, None] * first)
            operator[place(k), place(k)][1:-1] = rows[1:-1]
            slopes[k, 0, place(k)], slopes[k, 1, place(k)] = first[0], first[-1]
        # At 0 the slope vanishes; at an edge both sides have one; at the end 0, or no slope.
        conditions.append((0, slopes[0, 0]))
        for k in range(1, count):
            conditions.append((k * (CHEB - 1), slopes[k - 1, 1] - slopes[k, 0]))
        last = np.zeros(size)
        last[-1] = 1
        conditions.append((size - 1, last if absorbed else slopes[-1, 1]))
        ends = [c[0] for c in conditions]
        inner = np.setdiff1d(np.arange(size), ends)
        matrix = np.array([c[1] for c in conditions])
        # The edges' values follow from the inner ones.
        follow = -np.linalg.solve(matrix[:, ends], matrix[:, inner])
        self.extend = np.zeros((size, len(inner)))
        self.extend[inner], self.extend[ends] = np.eye(len(inner)), follow
        self.inner = inner
        self.matrix = (operator @ self.extend)[inner]
        self.size = size

    def at(self, x):
        """The row that takes inner values to the value at x."""
        k = min(max(np.searchsorted(self.edges, x, "right") - 1, 0), len(self.edges) - 2)
        low, high = self.edges[k], self.edges[k + 1]
        row = np.zeros(self.size)
        row[k * (CHEB - 1): k * (CHEB - 1) + CHEB] = interpolation(2 * (x - low) / (high - low) - 1)
        return row @ self.extend


def graded(line, boundary, finest, above=None):
    """Edges from 0 to `boundary`, finer towards it; and beyond it by `above`."""
    def walk(length, limit):
        steps, step, done = [], finest, 0.0
        while done < length:
            cap = limit(done)
            step = min(step * 1.7, cap)
            steps.append(step)
            done += step
        return np.array(steps) * length / done

    cap = lambda done: max(0.35 * np.hypot(max(boundary - done, 0), line.noise), 1e-12)
    below = boundary - np.concatenate([[0], np.cumsum(walk(boundary, cap))])[::-1]
    below[0] = 0
    if above is None:
        return below
    beyond = boundary + np.cumsum(walk(above, lambda done: 0.4))
    return np.concatenate([below, beyond])


def survival(line, start, threshold, times):
    """P(exit time > t) at ascending `times` from a fixed start."""
    x0 = np.arctanh(start) if start is not None else 0
    gap = gap_to(threshold, x0)
    boundary = x0 + gap
    layer = 1 / max(abs(line.pull(boundary)), 1e-9)
    generator = Generator(line, graded(line, boundary, min(gap / 2, layer, 0.1 * boundary)), True)
    row, values, last = generator.at(x0), np.ones(len(generator.inner)), 0.0
    result = []
    for time in times:
        values = expm(generator.matrix * (time - last)) @ values
        last = time
        result.append(float(row @ values))
    return result


def watched(line, start, threshold, interval, looks=()):
    """Mean and standard deviation of the exit seen every `interval`, and P(N > n) after `looks` n."""
    x0 = np.arctanh(start)
    boundary = x0 + gap_to(threshold, x0)
    place = lambda x: 1 / np.cosh(x) ** 2
    step = np.sqrt(line.variance(boundary) * interval) / place(boundary)
    above = min(12 * step, 3.0)
    edges = graded(line, boundary, min(0.7 * step, boundary / 3), above)
    generator = Generator(line, edges, False)
    inside = (generator.x[generator.inner] < boundary).astype(float)
    kernel = expm(generator.matrix * interval) * inside[None, :]
    size = len(inside)
    first = np.linalg.solve(np.eye(size) - kernel, np.full(size, interval))
    # u2 = E (h + rest)^2 = h^2 + 2h K u1 + K u2.
    second = np.linalg.solve(
        np.eye(size) - kernel, interval**2 + 2 * interval * kernel @ first)
    row = generator.at(x0)
    mean = float(row @ first)
    result, values, last = [], np.ones(size), 0
    for n in looks:
        values = np.linalg.matrix_power(kernel, n - last) @ values
        last = n
        result.append(float(row @ values))
    return mean, float(np.sqrt(row @ second - mean**2)), result


def cases():
    """Every case with its values, fields as the tests read them."""
    common = dict(learning_rate=0.1, label_noise=1e-4)
    for dimension, fixed in ((10, 0.2), (300, 0.05), (3000, 0.0184786795), (10**6, 0.001)):
        line = Line(dimension, 0.1, 1e-4)
        for threshold in (1e-9, 1e-5, 0.01, 0.5, 0.99, 0.999, 0.9999):
            for start in (None, fixed):
                mean, deviation = moments(line, start, threshold)
                case = dict(
                    dimension=dimension, **common, threshold=threshold, start=start,
                    mean=mean, standard_deviation=deviation, times=[], survival=[])
                # Below, exp(t G) on these panels overflows.
                if start is not None and dimension <= 3000 and threshold > 1e-8:
                    times = [0.5 * mean, mean, mean + deviation]
                    case.update(times=times, survival=survival(line, start, threshold, times))
                yield case
    for dimension, gamma, delta in ((300, 0.02, 0.1), (300, 0.15, 0.0), (1000, 0.1, 0.5)):
        line = Line(dimension, gamma, delta)
        for threshold in (1e-5, 0.5, 0.9 if delta else 0.9999):
            mean, deviation = moments(line, None, threshold)
            yield dict(
                dimension=dimension, learning_rate=gamma, label_noise=delta, threshold=threshold,
                start=None, mean=mean, standard_deviation=deviation, times=[], survival=[])


def watched_cases():
    """The law seen every `interval` only, with P(N > n) after `looks`."""
    for dimension, delta, threshold, start, interval in (
        (150, 0.1, 0.01, 0.08, 0.016), (150, 0.1, 0.01, 0.08, 0.1 / 150),
        (150, 0.1, 0.5, 0.08, 0.0427), (1000, 1e-4, 0.5, 0.03, 1e-4),
        (10, 1e-4, 0.5, 0.2, 0.01), (300, 1e-4, 0.9999, 0.05, 0.1 / 300),
    ):
        line = Line(dimension, 0.1, delta)
        mean = moments(line, start, threshold)[0]
        looks = [max(1, round(share * mean / interval)) for share in (0.1, 0.5, 1, 1.5)]
        mean, deviation, values = watched(line, start, threshold, interval, looks)
        yield dict(
            dimension=dimension, learning_rate=0.1, label_noise=delta, threshold=threshold,
            start=start, watch_interval=interval, mean=mean, standard_deviation=deviation,
            times=[n * interval for n in looks], survival=values)


if __name__ == "__main__":
    result = dict(watched=list(watched_cases()), always=[])
    for case in cases():
        result["always"].append(case)
        print(case, flush=True)
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(result, indent=1) + "\n")
