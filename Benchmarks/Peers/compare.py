"""Times the peers and the program on the same tasks and checks that the laws agree."""

import os

# One core for everything, as the program runs on one thread. Before JAX starts its own threads.
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import functools
import math
import statistics
from importlib.metadata import version

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import numpy as np

import diffrax_peer
import jax_peer
import numpy_peer
from tasks import NOISE, RATE, SDE_STEP, boundary, clock, program

from measure import figure, machine, table, write_section

START = 0.1
ETA = boundary(START)
LIMIT = 10**6

TASKS = {
    "sde": ("SDE, p = 1, d = 3000, Euler–Maruyama, step 0.001", 3000),
    "chain": ("chain, p = 1, d = 3000", 3000),
    "sgd": ("full SGD, p = 1, d = 1000", 1000),
}
SDE_OPTIONS = {
    "scheme": "euler-maruyama", "monitoring": "grid", "time_step": SDE_STEP,
    "finite_size_drift": "false"}
OPTIONS = {"sde": SDE_OPTIONS, "chain": {}, "sgd": {}}
PROGRAM_REPLICAS = {"sde": 200000, "chain": 20000, "sgd": 1000}
# Steps to τ.
UNIT = {"sde": SDE_STEP, "chain": RATE / 3000, "sgd": RATE / 1000}
# Replicas abreast and steps of a timed run, and replicas of the check.
NUMPY = {"sde": (4096, 400, 20000), "chain": (4096, 100, 2048), "sgd": (32, 100, 128)}
JAX = {"sde": (4096, 400, 20000), "chain": (4096, 100, 1024), "sgd": (32, 50, 128)}


def numpy_peer_of(task, dimension):
    rng = np.random.Generator(np.random.SFC64(3))
    replicas, steps, checked = NUMPY[task]
    make = getattr(numpy_peer, f"{task}_step")
    step = make(rng, dimension)
    if task == "sgd":
        state = numpy_peer.sgd_weights(replicas, dimension, START)
        exits = lambda: numpy_peer.sgd_exits(rng, checked, dimension, START, ETA, LIMIT)
    else:
        state = np.full(replicas, START)
        exits = lambda: numpy_peer.run_until_exit(
            step, np.full(checked, START), ETA, LIMIT)[0]

    def timed():
        s = state.copy()
        for _ in range(steps):
            s = step(s)

    return timed, replicas * steps, exits


def jax_peer_of(task, dimension, kind):
    replicas, steps, checked = JAX[task]
    step = getattr(jax_peer, f"{task}_step")(dimension)
    key = jax.random.key(5)

    def begin(count):
        if task == "sgd":
            return jnp.array(numpy_peer.sgd_weights(count, dimension, START), kind)
        return jnp.full(count, START, kind)

    state = begin(replicas)
    timed = lambda: jax_peer.fixed(step, key, state, steps).block_until_ready()
    exits = lambda: np.asarray(jax_peer.exits(step, key, begin(checked), ETA, LIMIT, dimension))
    return timed, replicas * steps, exits


def diffrax_peer_of(dimension):
    replicas, steps, checked, horizon = 1024, 400, 4096, 3000
    keys = jax.random.split(jax.random.key(9), checked)
    fast = diffrax_peer.solver(dimension, steps, False)
    start = jnp.asarray(START)
    timed = lambda: fast(keys[:replicas], start).block_until_ready()

    def exits():
        paths = np.abs(np.asarray(diffrax_peer.solver(dimension, horizon, True)(keys, start)))
        out = paths[:, :horizon] >= ETA
        assert out.any(1).all()
        return out.argmax(1) + 1

    return timed, replicas * steps, exits


def peers(task, dimension):
    """Name and builder of every peer of a task."""
    found = [("NumPy, double", lambda: numpy_peer_of(task, dimension))]
    for name, kind in (("single", jnp.float32), ("double", jnp.float64)):
        found.append(
            (f"JAX, {name}", functools.partial(jax_peer_of, task, dimension, kind)))
    if task == "sde":
        found.append(("diffrax, double", lambda: diffrax_peer_of(dimension)))
    return found


def main():
    about = machine()
    rows, worst = [], 0.0
    for task, (title, dimension) in TASKS.items():
        truth = functools.partial(
            program, task, dimension, PROGRAM_REPLICAS[task], START, **OPTIONS[task])
        mean, error, _ = truth()
        costs, lines = [], []
        for name, build in peers(task, dimension):
            costs.append(truth()[2])
            timed, steps, exits = build()
            # Before and after the check: a busy spell of the machine rarely covers both.
            seconds = clock(timed)
            times = exits() * UNIT[task]
            seconds = sorted(s / steps * 1e9 for s in seconds + clock(timed))
            costs.append(truth()[2])
            spread = times.std(ddof=1) / math.sqrt(times.size)
            z = (times.mean() - mean) / math.hypot(spread, error)
            worst = max(worst, abs(z))
            lines.append((name, seconds, times.mean(), spread, z, times.size))
            cost = statistics.median(seconds)
            print(f"{title}: {name}: {cost:.1f} ns a step, z = {z:+.2f}", flush=True)
        own = statistics.median(costs)
        rows.append([
            title, "this program", figure(own), figure(min(costs)), "1",
            f"{mean:.4f} ± {error:.4f}", "–", f"{PROGRAM_REPLICAS[task]:,}"])
        for name, seconds, average, spread, z, count in lines:
            cost = statistics.median(seconds)
            rows.append([
                title, name, figure(cost), figure(seconds[0]), f"{cost / own:.1f}",
                f"{average:.4f} ± {spread:.4f}", f"{z:+.1f}", f"{count:,}"])
    versions = ", ".join(
        f"{package} {version(package)}" for package in ("numpy", "jax", "diffrax"))
    write_section("peers", "\n\n".join([
        "## What a user would pick instead", about,
        f"{versions}; one core, medians of ten runs after one that compiles; the program, on one "
        f"thread, ran before and after every peer. All start at the overlap {START} with "
        f"γ = {RATE}, Δ = {NOISE}, T = 0.01; z compares a peer's mean exit time with the "
        "program's. The SDE is watched on its grid by all. Made by `make benchmark-peers`.",
        table(["task", "by", "ns a step", "lowest", "times the program", "mean exit time τ", "z",
               "replicas"], rows)]))
    if worst > 5:
        raise SystemExit(f"a peer disagrees with the program: z = {worst:.1f}")


if __name__ == "__main__":
    main()
