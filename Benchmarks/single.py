#!/usr/bin/env python3
"""Measures what single precision of full SGD's input gains and whether the law is kept.

Gain: the command in double and in single precision, in turn. Law: exit times of full SGD in single
precision against double precision and against the exact chain, each with a seed of its own, by the
command's tests; a chain whose learning rate is half a percent off shows what would be seen. Writes a
section of RESULTS.md. Standard library only; half an hour of two cores.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from engines import work
from measure import (
    COMMAND, arguments, code, figure, interleaved, machine, median, range_of, run, table,
    write_section,
)

# d, p, steps and replicas of a run.
GAINS = [(1000, 1, 10000, 64), (10000, 1, 10000, 8), (1000, 8, 5000, 64), (10000, 8, 2000, 8)]
# p, the share of the replicas and the overlaps at the start.
LAWS = [(1, 1, "0.1"), (4, 0.1, "0.1,0.05,-0.05,0")]
THRESHOLDS = [0.01, 0.5]
DIMENSION = 100
TESTS = ["kolmogorov_smirnov", "anderson_darling", "cramer_von_mises", "energy", "log_rank"]


def processor_time(words):
    """Nanoseconds of processor time a step of full SGD, which other programs hardly touch."""
    before = os.times().children_user
    timing = run(words)[0]["timing"]["sgd"]
    return 1e9 * (os.times().children_user - before) / timing["steps"]


def gains(repetitions):
    """Nanoseconds a step in both precisions and their ratio."""
    rows = [(sizes, precision) for sizes in GAINS for precision in ("double", "single")]

    def words(row):
        (dimension, width, steps, replicas), precision = row
        return work("sgd", steps, replicas, width, dimension, precision=precision)

    values = interleaved(rows, repetitions, lambda row: processor_time(words(row)))
    lines = []
    for index, (dimension, width, *_) in enumerate(GAINS):
        double, single = values[2 * index], values[2 * index + 1]
        ratios = [a / b for a, b in zip(double, single)]
        lines.append([
            f"{dimension:,}", width, figure(median(double)), figure(median(single)),
            f"{median(double) / median(single):.2f}", range_of(ratios),
            code(words(rows[2 * index + 1]))])
    return table(
        ["d", "p", "double, ns a step", "single", "gain", "lowest – highest", "command"], lines)


def sample(folder, name, words, dynamics):
    """Runs the command and leaves a file of exit times for each threshold."""
    output = Path(folder) / f"{name}-run"
    report = run(words + ["--output", str(output)])[0]
    for record in report["exit_times"]:
        if record["exited"] != record["replicas"]:
            sys.exit(f"{name}: not every replica exited")
    with open(output / "exit_times.csv", newline="") as file:
        times = {threshold: [] for threshold in THRESHOLDS}
        for row in csv.DictReader(file):
            times[float(row["threshold"])].append(row["exit_time"])
    for threshold, values in times.items():
        place = Path(folder) / f"{name}-{threshold}.csv"
        place.write_text("exit_time\n" + "\n".join(values) + "\n")
    print(f"{name}: {report['timing'][dynamics]['seconds']:.0f} s", flush=True)


def verdict(folder, first, second, threshold):
    """The five p-values and the ratio of means with its interval."""
    files = [str(Path(folder) / f"{name}-{threshold}.csv") for name in (first, second)]
    text = subprocess.run(
        [COMMAND, "test", *files, "--format", "json"], capture_output=True, text=True, check=True
    ).stdout
    found = json.loads(text)
    ratio = found["mean_ratio"]
    low, high = ratio["interval"]
    p_values = [f"{found['tests'][test]['p_value']:.2g}" for test in TESTS]
    return [*p_values, f"{ratio['estimate']:.5f} ({low:.5f} … {high:.5f})"]


def law(width, replicas, start, threads):
    """The tests of one width, and the command of its sample in single precision."""

    def words(dynamics, seed, rate=0.1, **options):
        return arguments(
            dynamics, width, dimension=DIMENSION, replicas=replicas, learning_rate=rate * width,
            label_noise="1e-2", start=f"overlaps:{start}", horizon=60, threads=threads, seed=seed,
            thresholds=",".join(map(str, THRESHOLDS)), **options)

    runs = {
        "single": (words("sgd", 1, precision="single"), "sgd"),
        "double": (words("sgd", 2, precision="double"), "sgd"),
        "chain": (words("chain", 3), "chain"),
        "chain, γ 0.5% off": (words("chain", 4, rate=0.1005), "chain"),
    }
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (line, dynamics) in runs.items():
            sample(folder, name, line, dynamics)
        for threshold in THRESHOLDS:
            for first, second in [
                    ("single", "double"), ("single", "chain"), ("double", "chain"),
                    ("single", "chain, γ 0.5% off")]:
                lines.append(
                    [width, f"{replicas:,}", threshold, f"{first} – {second}",
                     *verdict(folder, first, second, threshold)])
                print(*lines[-1], flush=True)
    return lines, code(runs["single"][0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--replicas", type=int, default=10**6)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    if not COMMAND.exists():
        sys.exit("build first: make build")
    about = machine()
    gain = gains(chosen.repetitions)
    lines, commands = [], []
    for width, share, start in LAWS:
        more, command = law(width, int(share * chosen.replicas), start, chosen.threads)
        lines += more
        commands.append(command)
    write_section("single", "\n\n".join([
        "## Single precision of full SGD's input", about,
        "`--precision single` against `double`, made by `make single-precision`. Gain: processor "
        f"time of whole runs on one thread, medians of {chosen.repetitions} repetitions in turn.", gain,
        f"Law: exit times at d = {DIMENSION}, each sample with a seed of its own; p-values of the "
        "five tests (those by permutation stop at 0.01), and the ratio of means with its interval of "
        "95%. The last row of each threshold is a sample that is wrong on purpose, to show what "
        "would be seen.",
        table(
            ["p", "replicas", "T", "samples", "KS", "Anderson–Darling", "Cramér–von Mises",
             "energy", "log-rank", "ratio of means"], lines),
        "The samples in single precision: " + ", ".join(commands) + ". The others have "
        "`--precision double`, and `--dynamics chain`, with seeds 2 to 4."]))


if __name__ == "__main__":
    main()
