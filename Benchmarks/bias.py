#!/usr/bin/env python3
"""Measures what accuracy of the SDE's mean exit time costs, and writes a section of RESULTS.md.

Seconds for 10⁴ replicas on one thread, and the bias of the mean exit time, for each scheme and
step. At p = 1 the truth is solved in data/reference; beyond, the run with the smallest step stands
for it, with its own error. The number of replicas follows from a pilot run, so that every row takes
the same time whatever the program's speed. Standard library only; under four minutes.
"""

import argparse
import json
import math
import os
import sys

from measure import (
    COMMAND, ROOT, arguments, code, figure, machine, run, table, write_section,
)

START = 0.0184786795
SCHEMES = [
    ("Euler–Maruyama, on the grid", "euler-maruyama", "discrete", 1e-3),
    ("Euler–Maruyama, crossings", "euler-maruyama", "continuous", 1e-3),
    *(("drift-Heun, crossings", "drift-heun", "continuous", 1 / n) for n in (16, 32, 64, 128)),
]
LARGEST = 4_000_000


def shared(width, threads=1):
    """The part of the command line that all rows of a width share."""
    return arguments(
        "sde", width, threads=threads, thresholds="0.01", finite_size_drift="false",
        start="overlaps:" + ",".join([f"{START}"] * width))


def own(scheme, monitoring, step, replicas, seed):
    """The part that is a row's own."""
    return [
        "--scheme", scheme, "--monitoring", monitoring, "--time-step", f"{step}",
        "--replicas", f"{replicas}", "--seed", f"{seed}"]


def measure(width, scheme, monitoring, step, budget, seed, threads=1):
    """Seconds for 10⁴ replicas, mean, its standard error, replicas and the command."""
    pilot = 4
    while True:
        report = run(shared(width, threads) + own(scheme, monitoring, step, pilot, 999))[0]
        seconds = report["timing"]["sde"]["seconds"]
        if seconds > 0.05 * budget or pilot >= LARGEST:
            break
        pilot *= 4
    replicas = int(min(max(budget / seconds * pilot, 16), LARGEST))
    line = own(scheme, monitoring, step, replicas, seed)
    report = run(shared(width, threads) + line)[0]
    record = report["exit_times"][0]
    if record["censored"] or record["diverged"]:
        print(f"warning: {record['censored']} censored, {record['diverged']} diverged", flush=True)
    seconds = report["timing"]["sde"]["seconds"]
    return {
        "seconds": 1e4 * seconds / replicas, "mean": record["mean"],
        "error": record["standard_error"], "replicas": replicas, "words": line}


def truth():
    """Mean exit time at p = 1 by the backward equation."""
    cases = json.loads((ROOT / "data" / "reference" / "exit_moments.json").read_text())
    for case in cases:
        if (case["dimension"], case["start"], case["threshold"], case["finite_size_drift"]) == (
                3000, START, 0.01, False):
            return case["mean"]
    sys.exit("no reference value for p = 1")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=6, help="time of one row")
    budget = parser.parse_args().seconds
    if not COMMAND.exists():
        sys.exit("build first: make build")
    sections = [
        "## Cost to accuracy of the SDE", machine(),
        "Dimension 3000, γ/p = 0.1, Δ = 10⁻⁴, T = 0.01, every overlap starting at "
        f"{START}, no finite-size drift, one thread. Bias in percent of the mean, ± one standard "
        "error (Monte Carlo; of the difference where the reference has one). A bias smaller than "
        "about two errors is not seen. Made by `python3 Benchmarks/bias.py`."]
    for index, width in enumerate((1, 4, 16)):
        rows = [
            (name, step, measure(width, scheme, monitoring, step, budget, 100 * width + row))
            for row, (name, scheme, monitoring, step) in enumerate(SCHEMES)]
        if width == 1:
            reference, doubt = truth(), 0.0
            source = f"Reference: {reference:.7f}, solved (data/reference/exit_moments.json)."
        else:
            finest = measure(
                width, "drift-heun", "continuous", 1 / 256, 4 * budget, 100 * width + 50,
                threads=os.cpu_count())
            reference, doubt = finest["mean"], finest["error"]
            source = (
                f"Reference: {reference:.5f} ± {doubt:.5f}, {finest['replicas']:,} replicas with "
                f"`{' '.join(finest['words'])}`.")
        lines = []
        for name, step, row in rows:
            bias = 100 * (row["mean"] / reference - 1)
            error = 100 * math.hypot(row["error"], doubt) / reference
            fraction = f"1/{round(1 / step)}"
            lines.append([
                name, fraction, figure(row["seconds"]), f"{bias:+.3f} ± {error:.3f}",
                f"{row['replicas']:,}", "`" + " ".join(row["words"]) + "`"])
        sections += [
            f"### p = {width}", source,
            f"Every row adds its options to {code(shared(width))}.",
            table(["scheme", "step", "seconds for 10⁴ replicas", "bias, %", "replicas", "options"],
                  lines)]
        print(sections[-1], flush=True)
    write_section("bias", "\n\n".join(sections))


if __name__ == "__main__":
    main()
