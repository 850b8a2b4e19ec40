#!/usr/bin/env python3
"""Risk against samples on the plateau of label noise, under γ(1 + ν/3000)^−α with α = 0, ½ and 1.

Runs data/experiments/decaying-rate.yaml with each schedule and writes table.csv beside this file:

    decaying-rate.py [ESCAPEMENT]      (default: .build/release/escapement)
"""

import csv
import json
import math
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
COMMAND = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build/release/escapement")

rows = []
for power in [0, 0.5, 1]:
    call = [
        COMMAND, "trajectories", str(ROOT / "data/experiments/decaying-rate.yaml"),
        "--learning-rate-schedule", f"power:{power},3000", "--format", "json",
    ]
    paths = json.loads(subprocess.run(call, check=True, stdout=subprocess.PIPE).stdout)
    bands = {band["dynamics"]: band for band in paths["bands"]}
    for index, samples in enumerate(10 ** (math.log10(300) + i / 20) for i in range(61)):
        rows.append({
            "power": power, "samples": round(samples), "time": paths["times"][index],
            "ode_risk": bands["ode"]["mean"][index],
            "chain_risk": bands["chain"]["mean"][index],
            "chain_risk_error": bands["chain"]["standard_error"][index],
        })
    for last in rows[-1], rows[-21]:
        print(last, file=sys.stderr)

with open(HERE / "table.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
