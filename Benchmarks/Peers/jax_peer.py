"""The three tasks in JAX on the processor: one compiled loop over all replicas."""

import functools

import jax
import jax.numpy as jnp

from tasks import NOISE, RATE, SDE_STEP, polynomials


def poly(coefficients, x):
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def sde_step(dimension):
    drift, variance = polynomials()
    scale = RATE / dimension * SDE_STEP

    def step(key, m):
        square = m * m
        noise = jnp.sqrt(jnp.maximum(poly(variance, square), 0) * scale)
        normal = jax.random.normal(key, m.shape, m.dtype)
        return m + m * poly(drift, square) * SDE_STEP + noise * normal

    return step


def chain_step(dimension):
    gain, root = 2 * RATE / dimension, NOISE**0.5

    def step(key, m):
        first, second = jax.random.split(key)
        g = jax.random.normal(first, (3, m.size), m.dtype)
        chi = 2 * jax.random.gamma(second, (dimension - 2) / 2, m.shape, m.dtype)
        field = m * g[0] + jnp.sqrt(jnp.maximum(1 - m * m, 0)) * g[1]
        h = gain * (g[0] ** 2 - field**2 + root * g[2]) * field
        norm = g[0] ** 2 + g[1] ** 2 + chi
        return (m + h * g[0]) / jnp.sqrt(1 + h * (2 * field + h * norm))

    return step


def sgd_step(dimension):
    root, noise = dimension**0.5, NOISE**0.5

    def step(key, w):
        first, second = jax.random.split(key)
        x = jax.random.normal(first, w.shape, w.dtype)
        field = (w * x).sum(1) / root
        label = noise * jax.random.normal(second, w.shape[:1], w.dtype)
        error = x[:, 0] ** 2 - field**2 + label
        w = w + (2 * RATE * error * field / root)[:, None] * x
        return w * jnp.sqrt(dimension / (w * w).sum(1))[:, None]

    return step


def overlap_of(state, dimension):
    return state if state.ndim == 1 else state[:, 0] / dimension**0.5


@functools.partial(jax.jit, static_argnums=(0, 3))
def fixed(step, key, state, steps):
    """A fixed number of steps, for the clock."""
    body = lambda n, s: step(jax.random.fold_in(key, n), s)
    return jax.lax.fori_loop(0, steps, body, state)


@functools.partial(jax.jit, static_argnums=(0, 3, 4, 5))
def exits(step, key, state, eta, limit, dimension):
    """The step at which each replica leaves; replicas go on until the last has left."""

    def going(carry):
        n, _, found = carry
        return (n < limit) & (found == limit).any()

    def body(carry):
        n, s, found = carry
        s = step(jax.random.fold_in(key, n), s)
        out = (jnp.abs(overlap_of(s, dimension)) >= eta) & (found == limit)
        return n + 1, s, jnp.where(out, n + 1, found)

    found = jnp.full(state.shape[0], limit)
    return jax.lax.while_loop(going, body, (0, state, found))[2]
