#!/usr/bin/env python3
"""Measures what accuracy of the SDE's mean exit time costs, and writes a section of RESULTS.md.

Seconds for 10⁴ replicas on one thread, and the bias of the mean exit time, for each scheme and
step. At p = 1 the truth is solved in data/reference; beyond, the run with the smallest step stands
for it, with its own error. The number of replicas follows from a pilot run, so that every row takes
the same time whatever the program's speed. Where a bias falls as a known power of the step, the seconds
to 0.1% follow from a step at which it is large. Standard library only; ten minutes.
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
    ("Euler–Maruyama, on the grid", "euler-maruyama", "grid", 1e-3),
    ("Euler–Maruyama, crossings", "euler-maruyama", "continuous", 1e-3),
    ("Euler–Maruyama, crossings", "euler-maruyama", "continuous", 1 / 32),
    *(("drift-Heun, crossings", "drift-heun", "continuous", 1 / n) for n in (8, 16, 32)),
    *(("drift-Runge–Kutta, crossings", "drift-runge-kutta", "continuous", 1 / n)
      for n in (4, 8, 16)),
]
# For the seconds to 0.1%: rows of a scheme, and the power of the step its bias falls with. Where two
# orders mix the longest step that has it is taken as it stands.
ORDERS = [([0], 0.5), ([2], 1), ([3, 4, 5], None), ([6, 7, 8], None)]
# More students take longer steps, and so more time to the same error.
PATIENCE = {1: 1, 4: 1, 16: 4}
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


def to_a_thousandth(rows, order, reference, doubt):
    """A line of the table of seconds to 0.1%."""
    for name, step, row in rows:
        bias = abs(row["mean"] / reference - 1)
        error = math.hypot(row["error"], doubt) / reference
        if order is not None and bias > 2 * error:
            factor = (1e-3 / bias) ** (1 / order)
        elif order is None and bias <= 1e-3 and error < 5e-4:
            factor = 1
        else:
            continue
        return [name, f"1/{figure(1 / (step * factor))}", figure(row["seconds"] / factor)]
    return [rows[0][0], "–", "not resolved"]


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
    for width, patience in PATIENCE.items():
        rows = [
            (name, step,
             measure(width, scheme, monitoring, step, patience * budget, 100 * width + row))
            for row, (name, scheme, monitoring, step) in enumerate(SCHEMES)]
        if width == 1:
            reference, doubt = truth(), 0.0
            source = f"Reference: {reference:.7f}, solved (data/reference/exit_moments.json)."
        else:
            finest = measure(
                width, "drift-runge-kutta", "continuous", 1 / 64, 6 * patience * budget,
                100 * width + 50,
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
                  lines),
            "Seconds to a bias of 0.1%: Euler–Maruyama from the row with the largest bias and its "
            "order, the others the longest step above that has it.",
            table(["scheme", "step", "seconds for 10⁴ replicas"],
                  [to_a_thousandth([rows[at] for at in which], order, reference, doubt)
                   for which, order in ORDERS])]
        print(sections[-1], flush=True)
    write_section("bias", "\n\n".join(sections))


if __name__ == "__main__":
    main()
