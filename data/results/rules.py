#!/usr/bin/env python3
"""Draws rules.svg, what the six experiments on rules of learning found, from the tables beside it, and prints the exponents.

An exponent is that of samples against d, by least squares of log mean samples weighted by their errors; its 95% interval is
from these errors alone. Needs matplotlib:

    rules.py
"""

import csv
import math
import pathlib

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "escapement"
import matplotlib.pyplot as plt

HERE = pathlib.Path(__file__).resolve().parent


def rows(name):
    with open(HERE / name) as file:
        return list(csv.DictReader(file))


def exponent(points):
    """Slope of log samples against log d and its standard error; points are (d, samples, error)."""
    data = [(math.log(d), math.log(n), (n / e) ** 2) for d, n, e in points]
    total = sum(w for _, _, w in data)
    x0 = sum(w * x for x, _, w in data) / total
    y0 = sum(w * y for _, y, w in data) / total
    spread = sum(w * (x - x0) ** 2 for x, _, w in data)
    return sum(w * (x - x0) * (y - y0) for x, y, w in data) / spread, spread ** -0.5


figure, panels = plt.subplots(2, 3, figsize=(13, 7.5))
panel = panels[0][0]
groups = {}
for row in rows("repetition/sweep.csv"):
    if row["mean_samples"]:
        key = (row["activation"], row["look-ahead"], row["start"])
        groups.setdefault(key, []).append(
            [float(row[c]) for c in ("dimension", "mean_samples", "mean_samples_standard_error")])
for (student, ahead, start), points in groups.items():
    slope, error = exponent(points)
    name = f"{student}, {'look-ahead ' + ahead if float(ahead) else 'once'}, {start}"
    print(f"{name}: {slope:.3f} ± {1.96 * error:.3f}, d = {points[0][0]:g} … {points[-1][0]:g}")
    panel.errorbar(*zip(*[p[:2] for p in points]), yerr=[p[2] for p in points], marker="o", label=f"{name}: d^{slope:.2f}")
panel.set(xscale="log", yscale="log", xlabel="d", ylabel="samples to overlap 0.5", title="Repetition, He₃")
panel.legend(fontsize=7)

panel = panels[0][1]
for loss in "square", "correlation":
    found = [
        (float(r["learning-rate"]) / 0.002, float(r["exited"]) / float(r["replicas"]))
        for r in rows("batches/sweep.csv")
        if r["loss"] == loss and r["start"] == "random" and r["dynamics"] == "chain"]
    panel.plot(*zip(*found), marker="o", label=f"{loss} loss, random start")
found = [
    (float(r["learning-rate"]) / 0.002, float(r["ratio"])) for r in rows("batches/verdicts.csv")
    if r["loss"] == "correlation" and r["start"] != "random" and r["ratio"]]
panel.plot(*zip(*found), marker="s", label="chain/ODE from overlap 0.2, correlation")
panel.axhline(1, color="grey", linewidth=0.5)
panel.set(xscale="log", xlabel="B (d = 256)", ylabel="share that exits by τ = 12; ratio", title="Batches, He₃")
panel.legend(fontsize=7)

panel = panels[0][2]
table = [r for r in rows("repeated-staircase/sweep.csv") if r["dimension"] == "200"]
for shift, ahead in enumerate(["0.1", "0"]):
    found = [r for r in table if r["look-ahead"] == ahead]
    heights = [float(r["mean"] or r["restricted_mean"]) for r in found]
    panel.bar([i + 0.4 * shift for i in range(3)], heights, 0.4, label=f"look-ahead {ahead}")
panel.axhline(30, color="grey", linewidth=0.5)
panel.set(xticks=range(3), xticklabels=["λ₁", "λ₂", "λ₃"], ylabel="τ to overlap 0.3, at most 30", title="He₄(λ₁) + 5 sign(λ₁λ₂λ₃), d = 200")
panel.legend(fontsize=7)

panel = panels[1][0]
for power in "0", "0.5", "1":
    found = [r for r in rows("decaying-rate/table.csv") if r["power"] == power]
    samples = [float(r["samples"]) for r in found]
    line, = panel.plot(samples, [float(r["ode_risk"]) for r in found], label=f"ODE, α = {power}")
    panel.plot(samples, [float(r["chain_risk"]) for r in found], ".", color=line.get_color())
panel.set(xscale="log", yscale="log", xlabel="samples", ylabel="excess risk (dots: chain)", title="Rate γ(1 + ν/3000)^−α")
panel.legend(fontsize=7)

panel = panels[1][1]
for threshold in "0.01", "0.5":
    found = [r for r in rows("negligible-in-batches/verdicts.csv") if r["threshold"] == threshold]
    x = [1000 * float(r["batch-size-over-dimension"]) for r in found]
    ratio, low, high = ([float(r[c]) for r in found] for c in ("ratio", "lower", "upper"))
    panel.errorbar(x, ratio, [[a - b for a, b in zip(ratio, low)], [a - b for a, b in zip(high, ratio)]], marker="o", label=f"T = {threshold}")
panel.axhspan(0.95, 1.05, color="grey", alpha=0.2)
panel.set(xscale="log", xlabel="B (d = 1000, γ/B = 0.1)", ylabel="chain/ODE, mean exit", title="Is noise negligible in batches?")
panel.legend(fontsize=7)

panel = panels[1][2]
found = rows("many-passes/table.csv")
x = [float(r["samples"]) / 200 for r in found if r["samples"] != "fresh"]
panel.plot(x, [float(r["risk_median"]) for r in found if r["samples"] != "fresh"], marker="o", label="excess risk, median")
panel.plot(x, [float(r["training_risk_median"]) for r in found if r["samples"] != "fresh"], marker="s", label="training risk, median")
panel.axhline(float(found[-1]["risk_median"]), color="grey", label="excess risk, fresh samples")
panel.set(yscale="log", xlabel="N/d (d = 200)", ylabel="risk at τ = 20", title="One pass against many")
panel.legend(fontsize=7)

figure.tight_layout()
figure.savefig(HERE / "rules.svg", metadata={"Date": None})
