"""Executes the notebook of a sweep and counts what its figures show: every point once, in as many curves as
there are combinations of the keys that are not along the axis.

Usage: sweep_curves.py DIRECTORY KEY…; DIRECTORY holds notebook.ipynb with its tables, KEY are the swept keys,
that along the axis first.
"""

import json
import pathlib
import sys

import nbclient
import nbformat
import pandas as pd

directory, (axis, *others) = pathlib.Path(sys.argv[1]), sys.argv[2:]
notebook = nbformat.read(directory / "notebook.ipynb", as_version=4)
# What is shown is written down before it is shown.
notebook.cells.insert(0, nbformat.v4.new_code_cell("""
import matplotlib.pyplot as plt

shown, show = [], plt.show


def show_and_tell():
    for axes in plt.gcf().axes:
        for curve in axes.containers:
            line = curve.lines[0]
            shown.append([plt.gcf().get_suptitle() if hasattr(plt.gcf(), "get_suptitle") else plt.gcf()._suptitle.get_text(),
                          axes.get_ylabel(), list(map(float, line.get_xdata())),
                          list(map(float, line.get_ydata()))])
    show()


plt.show = show_and_tell
"""))
notebook.cells.append(nbformat.v4.new_code_cell("import json\nprint(json.dumps(shown))"))
client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(directory)}})
client.execute()
complaints = [output.text for cell in notebook.cells for output in cell.get("outputs", [])
              if output.get("name") == "stderr"]
assert not complaints, complaints
shown = json.loads(notebook.cells[-1].outputs[0].text)
# The table of verdicts has a row for each point and hides none behind another.
table = str(notebook.cells[-2].outputs)

exits = pd.read_csv(directory / "sweep.csv", float_precision="round_trip")
combinations = len(exits[others].drop_duplicates()) if others else 1
for (kind, threshold), part in exits.groupby(["dynamics", "threshold"]):
    for value, ylabel in [("samples_over_d_log_d", "samples / (d log d)"),
                          ("ratio_to_annealed", "mean exit time / annealed formula")]:
        known = part[part[value].notna()]
        expected = sorted(zip(known[axis].astype(float), known[value]))
        curves = [curve for curve in shown if curve[1] == ylabel and f"T = {threshold:g}" in curve[0]
                  and curve[0].startswith({"chain": "exact chain", "ode": "ODE"}[kind])]
        if value == "ratio_to_annealed" and kind != "chain":
            assert not curves
            continue
        found = sorted((x, y) for _, _, xs, ys in curves for x, y in zip(xs, ys))
        assert found == expected, (kind, value, len(found), len(expected))
        assert len(curves) == combinations, (kind, value, len(curves), combinations)
        for _, _, xs, _ in curves:
            assert all(x < y for x, y in zip(xs, xs[1:])), xs
verdicts = pd.read_csv(directory / "verdicts.csv")
for word in verdicts.map_verdict.dropna().unique():
    rows = (verdicts.map_verdict == word).sum()
    # Once in the HTML and once in the plain text at most.
    assert table.count(f">{word}<") == rows, (word, table.count(f">{word}<"), rows)
print(f"{len(shown)} curves of {sum(len(curve[2]) for curve in shown)} points")
