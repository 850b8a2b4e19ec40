#!/usr/bin/env python3
"""Exit times and final risks of phase retrieval with both layers trained against a fixed second layer.

Runs data/experiments/both-layers.yaml at p = 2, 8 and 32, γ/p = 0.1, with γ_a = γ/d and γ_a = 0, and
writes table.csv beside this file:

    both-layers.py [ESCAPEMENT]      (default: .build/release/escapement)
"""

import csv
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
COMMAND = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build/release/escapement")
DIMENSION = 1000
# The time of the final risk.
FINAL = 20
# Replicas of exit times, and of the final risk, which every path has to reach.
REPLICAS = {2: (2000, 1000), 8: (1000, 400), 32: (400, 400)}


def run(words):
    call = [COMMAND, words[0], str(ROOT / "data/experiments/both-layers.yaml"), *words[1:]]
    result = subprocess.run([*call, "--format", "json"], check=True, stdout=subprocess.PIPE)
    return json.loads(result.stdout)


rows = []
for width, (exits, finals) in REPLICAS.items():
    rate = 0.1 * width
    for layer, layer_rate in [("trained", rate / DIMENSION), ("fixed", 0)]:
        model = [
            "--width", str(width), "--learning-rate", f"{rate:g}",
            "--second-layer-learning-rate", f"{layer_rate:g}",
            "--second-layer-normalised", "true" if layer_rate else "false",
        ]
        compared = run(["compare", *model, "--replicas", str(exits)])
        paths = run([
            "trajectories", *model, "--replicas", str(finals), "--times", f"0,{FINAL}",
            "--quantiles", "0.05,0.5,0.95", "--horizon", str(FINAL),
        ])
        for band in paths["bands"]:
            row = {"width": width, "second_layer": layer, "dynamics": band["dynamics"]}
            for entry in compared["exit_times"]:
                if entry["dynamics"] == band["dynamics"]:
                    name = f"exit_{entry['threshold']}"
                    row[name] = entry["mean"] if entry["mean"] is not None else ""
                    row[name + "_error"] = entry["standard_error"] if row[name] != "" else ""
                    row[name + "_exited"] = f"{entry['exited']}/{entry['replicas']}"
            row["final_time"] = FINAL
            row["final_replicas"] = band["replicas"]
            row["initial_risk"] = band["mean"][0]
            row["final_risk"] = band["mean"][1]
            row["final_risk_error"] = band["standard_error"][1]
            for probability in ["0.05", "0.5", "0.95"]:
                row[f"final_risk_{probability}"] = band["quantiles"][probability][1]
            rows.append(row)
            print(row, file=sys.stderr)

with open(HERE / "table.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
