"""The SDE in diffrax: Euler–Maruyama with fixed steps, in double, mapped over replicas."""

import diffrax
import jax
import jax.numpy as jnp

from jax_peer import poly
from tasks import RATE, SDE_STEP, polynomials


def solver(dimension, steps, keep):
    """A compiled function of keys and start: all states after each step, or only the last."""
    drift, variance = polynomials()
    scale = RATE / dimension

    def drift_at(t, m, _):
        return m * poly(drift, m * m)

    def spread_at(t, m, _):
        return jnp.sqrt(jnp.maximum(poly(variance, m * m), 0) * scale)

    def one(key, start):
        # The path without memory: the fastest that diffrax offers for fixed steps.
        path = diffrax.UnsafeBrownianPath(shape=(), key=key)
        terms = diffrax.MultiTerm(
            diffrax.ODETerm(drift_at), diffrax.ControlTerm(spread_at, path))
        saved = diffrax.SaveAt(steps=True) if keep else diffrax.SaveAt(t1=True)
        return diffrax.diffeqsolve(
            terms, diffrax.Euler(), 0.0, steps * SDE_STEP, SDE_STEP, start, saveat=saved,
            adjoint=diffrax.DirectAdjoint(), max_steps=steps + 2).ys

    return jax.jit(jax.vmap(one, (0, None)))
