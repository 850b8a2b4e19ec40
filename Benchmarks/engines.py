#!/usr/bin/env python3
"""Times the built command engine by engine, with the yardstick in between, and writes RESULTS.md.

Every row is one run of `escapement compare` whose own clock gives seconds and steps: no start of
the process, no statistics. Replicas stop at a short horizon before most of them exit, so that a row
is a fixed amount of work. Standard library only; about three minutes.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from measure import (
    COMMAND, arguments, code, figure, interleaved, machine, median, nanoseconds, range_of, run,
    table, write_section,
)

YARDSTICK = Path(__file__).resolve().parent / "Yardstick"


def work(dynamics, steps, replicas, width=1, dimension=3000, **options):
    """A run of `replicas` times `steps` samples: the horizon is steps γ/(p d) with γ/p = 0.1."""
    return arguments(
        dynamics, width, dimension=dimension, replicas=replicas, thresholds="0.5",
        horizon=f"{0.1 * steps / dimension:g}", **options)


def diffusion(width, replicas, scheme, step=0.015625, dimension=3000):
    """A run of the SDE to τ = 1."""
    return arguments(
        "sde", width, dimension=dimension, replicas=replicas, thresholds="0.5", horizon=1,
        time_step=step, scheme=scheme)


# Name, dynamics, command line and the yardstick's row of the same task.
ENGINES = [
    ("chain, p = 1", "chain", work("chain", 10000, 8192), "chain p=1 d=3000"),
    ("chain, p = 1, to the exits", "chain",
     arguments("chain", replicas=2048, thresholds="0.01,0.5"), "chain p=1 d=3000"),
    ("chain, p = 2", "chain", work("chain", 10000, 4096, 2), "chain p=2 d=3000"),
    ("chain, p = 4", "chain", work("chain", 10000, 2048, 4), "chain p=4 d=3000"),
    ("chain, p = 8", "chain", work("chain", 10000, 1024, 8), "chain p=8 d=3000"),
    ("chain, p = 16", "chain", work("chain", 10000, 512, 16), "chain p=16 d=3000"),
    ("chain, p = 64", "chain", work("chain", 3000, 64, 64), "chain p=64 d=3000"),
    ("chain, p = 500", "chain", work("chain", 8000, 1, 500, 10000), "wide chain p=500"),
    ("full SGD, p = 1, d = 1000", "sgd", work("sgd", 10000, 64, 1, 1000), "sgd p=1 d=1000"),
    ("full SGD, p = 1, d = 10000", "sgd", work("sgd", 10000, 8, 1, 10000), "sgd p=1 d=10000"),
    ("full SGD, p = 8, d = 1000", "sgd", work("sgd", 5000, 64, 8, 1000), "sgd p=8 d=1000"),
    ("chain, erf, p = k = 2", "chain",
     work("chain", 10000, 2048, 2, activation="erf", teacher_units=2), "chain erf p=2 k=2"),
    ("chain, ReLU, p = 4", "chain",
     work("chain", 10000, 1024, 4, activation="relu"), "chain relu p=4"),
    ("chain, tanh on He₃, p = 1", "chain",
     work("chain", 10000, 4096, 1, activation="tanh", target="he3"), "chain tanh on he3 p=1"),
    ("chain, squares, p = 4, k = 2", "chain",
     work("chain", 10000, 1024, 4, teacher_units=2), "chain squares p=4 k=2"),
    ("full SGD, erf, p = k = 2, d = 1000", "sgd",
     work("sgd", 10000, 64, 2, 1000, activation="erf", teacher_units=2), "sgd erf p=2 k=2"),
    ("full SGD, ReLU, p = 4, d = 1000", "sgd",
     work("sgd", 10000, 64, 4, 1000, activation="relu"), "sgd relu p=4"),
    ("full SGD, squares, p = 4, k = 2, d = 1000", "sgd",
     work("sgd", 10000, 64, 4, 1000, teacher_units=2), "sgd squares p=4 k=2"),
    ("SDE, p = 1, Euler–Maruyama, step 0.001", "sde", diffusion(1, 32768, "euler-maruyama", 0.001),
     "sde p=1 d=3000"),
    ("SDE, p = 1, Euler–Maruyama, step 1/64", "sde", diffusion(1, 262144, "euler-maruyama"),
     None),
    ("SDE, p = 1, drift-Heun, step 1/64", "sde", diffusion(1, 262144, "drift-heun"), None),
    ("SDE, p = 4, drift-Heun", "sde", diffusion(4, 8192, "drift-heun"), None),
    ("SDE, p = 8, drift-Heun", "sde", diffusion(8, 2048, "drift-heun"), None),
    ("SDE, p = 16, drift-Heun", "sde", diffusion(16, 384, "drift-heun"), None),
    ("ODE, p = 1", "ode", arguments("ode", 1, replicas=16384), None),
    ("ODE, p = 8", "ode", arguments("ode", 8, replicas=1024), None),
    ("ODE, p = 64", "ode", arguments("ode", 64, replicas=16), None),
]

SCALING = {
    "Cost against d": [
        *((f"chain, p = 1, d = {d:,}", "chain", work("chain", 10000, 4096, 1, d))
          for d in (1000, 10000, 100000, 1000000)),
        *((f"full SGD, p = 1, d = {d:,}", "sgd", work("sgd", 40000000 // d // 4, 4, 1, d))
          for d in (100, 1000, 10000, 100000)),
    ],
    "Cost against p": [
        *((f"full SGD, p = {p}, d = 1000", "sgd", work("sgd", 3000, 32, p, 1000))
          for p in (2, 4, 16, 64)),
        ("chain, p = 32", "chain", work("chain", 10000, 32, 32, 10000)),
        ("chain, p = 128", "chain", work("chain", 4000, 8, 128, 10000)),
    ],
    # A step of the SDE is its covariance's factor: there is no other part to time.
    "Cost of the SDE's step and of the ODE's against p": [
        *((f"SDE, p = {p}, d = 10,000", "sde",
           diffusion(p, replicas, "drift-heun", dimension=10000))
          for p, replicas in (
              (1, 65536), (2, 8192), (4, 2048), (8, 512), (16, 96), (32, 16), (64, 1))),
        *((f"ODE, p = {p}, d = 10,000", "ode",
           arguments("ode", p, dimension=10000, replicas=max(4096 // p**2, 1)))
          for p in (1, 2, 4, 8, 16, 32, 64)),
    ],
    "Cost against replicas": [
        (f"chain, p = 1, {replicas:,} replica{'s' * (replicas > 1)}", "chain",
         work("chain", min(40000000 // replicas, 30000), replicas))
        for replicas in (1, 16, 256, 4096, 65536)
    ],
}

THREADED = [
    ("chain, p = 1", "chain", dict(steps=10000, replicas=16384)),
    ("chain, p = 8", "chain", dict(steps=10000, replicas=1024, width=8)),
    ("full SGD, p = 1, d = 1000", "sgd", dict(steps=10000, replicas=64, dimension=1000)),
]

# Name, thresholds, command line.
MEMORY = [
    ("chain, p = 1, d = 300", 1, work("chain", 100, 10**6, 1, 300)),
    ("chain, p = 1, d = 300", 4, arguments(
        "chain", dimension=300, replicas=10**6, thresholds="0.01,0.1,0.3,0.5", horizon="0.0333")),
    ("SDE, p = 1", 1, arguments(
        "sde", replicas=10**6, thresholds="0.5", horizon=0.125, time_step=0.015625)),
]


def yardstick():
    """Runs the yardstick; returns, by row, its ns a step and the kernel's at the best level."""
    text = subprocess.run(
        [YARDSTICK / "bench"], capture_output=True, text=True, check=True).stdout
    rows = {}
    for line in text.splitlines():
        name, rest = line.split("  yardstick" if "  yardstick" in line else " yardstick", 1)
        numbers = re.findall(r"([\d.]+) ns", rest)
        rows[name.strip()] = (float(numbers[0]), float(numbers[-1]))
    return rows


def engines_table(values, scalar):
    """The main table: each engine beside the yardstick of the same session."""
    rows = []
    for (name, _, words, mate), measured in zip(ENGINES, values):
        cost = [nanos for nanos, _ in measured]
        base = median(r[mate][0] for r in scalar) if mate else None
        rows.append([
            name, figure(median(cost)), range_of(cost), figure(base) if base else "–",
            f"{base / median(cost):.1f}" if base else "–",
            f"{median(seconds for _, seconds in measured):.1f}", code(words)])
    return table(
        ["engine", "ns a step", "lowest – highest", "yardstick, ns", "ratio", "seconds a run",
         "command"], rows)


def kernels_table(scalar):
    """The kernels alone, without the command around them."""
    rows = []
    for name in scalar[0]:
        base, kernel = (median(r[name][i] for r in scalar) for i in (0, 1))
        ratios = [r[name][0] / r[name][1] for r in scalar]
        rows.append(
            [name, figure(base), figure(kernel), f"{base / kernel:.1f}",
             f"{min(ratios):.1f} – {max(ratios):.1f}"])
    return table(["task", "yardstick, ns", "kernel, ns", "ratio", "lowest – highest"], rows)


def threads_table(repetitions):
    """One thread against two, in turn: ratio of the medians and of the lowest times."""
    runs = []
    for _, dynamics, sizes in THREADED:
        for threads in (1, 2):
            runs.append((dynamics, work(dynamics, **sizes, threads=threads)))
    values = interleaved(runs, repetitions, lambda r: nanoseconds(r[1], r[0])[1])
    rows = []
    for index, (name, *_) in enumerate(THREADED):
        one, two = values[2 * index], values[2 * index + 1]
        rows.append([
            name, f"{median(one):.2f}", f"{median(two):.2f}", f"{median(one) / median(two):.2f}",
            f"{min(one) / min(two):.2f}", code(runs[2 * index + 1][1])])
    return table(
        ["engine", "one thread, s", "two threads, s", "ratio of medians", "ratio of lowest",
         "command"], rows)


def memory_table():
    """Peak memory of 10⁶ replicas against its allowance."""
    rows = []
    for name, thresholds, words in MEMORY:
        _, seconds, peak = run(words)
        allowed = 10**6 * thresholds * 32 + 50e6
        rows.append([
            name, thresholds, f"{peak / 1e6:.0f}", f"{allowed / 1e6:.0f}", f"{seconds:.1f}",
            code(words)])
    return table(
        ["10⁶ replicas of", "thresholds", "peak, MB", "allowed, MB", "seconds in all", "command"],
        rows)


def write_memory(about):
    """Writes the section of peak memory."""
    write_section("memory", "\n\n".join([
        "## Peak memory", about, "Allowed: replicas × thresholds × 32 bytes + 50 MB. Made by "
        "`make benchmark`, or alone by `python3 Benchmarks/engines.py --memory`.", memory_table()]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="measure the peak memory alone")
    options = parser.parse_args()
    if options.memory:
        return write_memory(machine())
    repetitions = options.repetitions
    if not COMMAND.exists() or not (YARDSTICK / "bench").exists():
        sys.exit("build first: make build, and make -C Benchmarks/Yardstick")
    about = machine()
    scalar = []

    def measure(row):
        if row is None:
            scalar.append(yardstick())
            return None
        return nanoseconds(row[2], row[1])

    scaling = [row for rows in SCALING.values() for row in rows]
    rows = [*ENGINES, None, *scaling]
    values = interleaved(rows, repetitions, measure)
    sections = [
        "## Kernels and the yardstick", about,
        "The kernels alone beside scalar C with GSL (mt19937), both in one process and in turn; "
        f"medians of {repetitions} runs of `make -C Benchmarks/Yardstick run`, the highest level "
        "that the processor has.", kernels_table(scalar)]
    write_section("yardstick", "\n\n".join(sections))

    sections = [
        "## Engines, as the command runs them", about,
        f"One thread, medians of {repetitions} interleaved repetitions; other programs ran on the "
        "machine now and then. The yardstick ran once in every repetition, so that the ratio is of "
        "medians in one session. A step is one sample (chain, full SGD), one time step (SDE) or "
        "one adaptive step (ODE). Made by `make benchmark`.",
        engines_table(values[:len(ENGINES)], scalar)]
    measured = iter(values[len(ENGINES) + 1:])
    for title, rows in SCALING.items():
        lines = []
        for name, dynamics, words in rows:
            cost = [nanos for nanos, _ in next(measured)]
            lines.append([name, figure(median(cost)), range_of(cost), code(words)])
        sections += [
            f"### {title}", table(["run", "ns a step", "lowest – highest", "command"], lines)]
    if (os.cpu_count() or 1) > 1:
        sections += [
            "### One thread against two",
            "Runs of one and of two threads in turn. Anything else on the machine lowers the "
            "ratio; the ratio of the lowest times is the one least touched by it.",
            threads_table(max(7, repetitions))]
    write_section("engines", "\n\n".join(sections))
    write_memory(about)


if __name__ == "__main__":
    main()
