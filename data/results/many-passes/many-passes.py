#!/usr/bin/env python3
"""Exits and final risks of phase retrieval by many passes over N = 2d … 20d samples, and by fresh samples.

Runs data/experiments/many-passes.yaml's experiment along time and writes table.csv beside this file: excess risk and training
risk (the labels' noise in it) at τ = 20, means over 50 replicas with standard errors:

    many-passes.py [ESCAPEMENT]      (default: .build/release/escapement)
"""

import csv
import io
import math
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
COMMAND = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build/release/escapement")
SHARED = ("--dimension 200 --learning-rate 0.1 --label-noise 0.01 --dynamics sgd --replicas 50 --paths 50 "
          "--horizon 20 --times 20 --seed 22 --format csv")


def summary(values):
    error = statistics.stdev(values) / math.sqrt(len(values))
    return f"{statistics.mean(values):.6g}", f"{error:.2g}", f"{statistics.median(values):.6g}"


rows = []
for samples in [400, 800, 1600, 2400, 4000, None]:
    many = f"--samples {samples} --order shuffled --columns risk,training-risk" if samples else "--columns risk"
    call = [COMMAND, "trajectories", *SHARED.split(), *many.split()]
    text = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout
    table = list(csv.DictReader(io.StringIO(text)))
    row = {"samples": samples or "fresh"}
    for column in "risk", "training_risk":
        values = [float(line[column]) for line in table if column in line]
        names = [column, column + "_error", column + "_median"]
        row.update(zip(names, summary(values) if values else ("", "", "")))
    rows.append(row)
    print(row, file=sys.stderr)

with open(HERE / "table.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
