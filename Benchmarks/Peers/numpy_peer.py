"""The three tasks in NumPy, vectorised over replicas or, for full SGD, over coordinates."""

import numpy as np

from tasks import NOISE, RATE, SDE_STEP, boundary, polynomials


def poly(coefficients, x):
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def run_until_exit(step, state, eta, limit, interval=32):
    """Steps all replicas until all have left; notes exits every step, drops replicas later."""
    replicas = state.shape[0]
    exits, alive = np.full(replicas, limit), np.arange(replicas)
    left = np.zeros(replicas, bool)
    count = 0
    for n in range(1, limit + 1):
        state = step(state)
        count += state.shape[0]
        out = np.abs(state) >= eta
        fresh = out & ~left
        if fresh.any():
            exits[alive[fresh]] = n
            left |= out
        if n % interval == 0 and left.any():
            keep = ~left
            state, alive, left = state[keep], alive[keep], left[keep]
            if alive.size == 0:
                break
    return exits, count


def sde_step(rng, dimension):
    drift, variance = polynomials()
    scale = RATE / dimension * SDE_STEP

    def step(m):
        square = m * m
        noise = np.sqrt(np.maximum(poly(variance, square), 0) * scale)
        return m + m * poly(drift, square) * SDE_STEP + noise * rng.standard_normal(m.size)

    return step


def chain_step(rng, dimension):
    gain, root = 2 * RATE / dimension, np.sqrt(NOISE)

    def step(m):
        g = rng.standard_normal((3, m.size))
        norm = g[0] ** 2 + g[1] ** 2 + 2 * rng.standard_gamma((dimension - 2) / 2, m.size)
        field = m * g[0] + np.sqrt(np.maximum(1 - m * m, 0)) * g[1]
        h = gain * (g[0] ** 2 - field**2 + root * g[2]) * field
        return (m + h * g[0]) / np.sqrt(1 + h * (2 * field + h * norm))

    return step


def sgd_weights(replicas, dimension, start):
    w = np.zeros((replicas, dimension))
    w[:, 0], w[:, 1] = start * np.sqrt(dimension), np.sqrt(dimension * (1 - start * start))
    return w


def sgd_step(rng, dimension):
    root, noise = np.sqrt(dimension), np.sqrt(NOISE)

    def step(w):
        x = rng.standard_normal(w.shape)
        field = np.einsum("ij,ij->i", w, x) / root
        error = x[:, 0] ** 2 - field**2 + noise * rng.standard_normal(w.shape[0])
        w += (2 * RATE * error * field / root)[:, None] * x
        w *= np.sqrt(dimension / np.einsum("ij,ij->i", w, w))[:, None]
        return w

    return step


def sgd_exits(rng, replicas, dimension, start, eta, limit):
    step, w = sgd_step(rng, dimension), sgd_weights(replicas, dimension, start)
    exits, alive = np.full(replicas, limit), np.arange(replicas)
    for n in range(1, limit + 1):
        w = step(w)
        out = np.abs(w[:, 0]) >= eta * np.sqrt(dimension)
        if out.any():
            exits[alive[out]] = n
            w, alive = w[~out], alive[~out]
            if alive.size == 0:
                break
    return exits
