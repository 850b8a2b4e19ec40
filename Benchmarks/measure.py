"""Runs the built command and keeps the sections of RESULTS.md. Standard library only."""

import json
import os
import platform
import re
import shlex
import statistics
import subprocess
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "Benchmarks" / "RESULTS.md"
COMMAND = Path(os.environ.get("ESCAPEMENT", ROOT / ".build" / "release" / "escapement"))
SECTIONS = [
    "short", "yardstick", "engines", "memory", "single", "bias", "peers", "torchsde", "whole",
]


def arguments(dynamics, width=1, **options):
    """The command line of one run: rate 0.1 a unit, label noise 1e-4, one thread unless told."""
    chosen = {
        "dimension": 3000,
        "width": width,
        "learning_rate": f"{0.1 * width:g}",
        "label_noise": "1e-4",
        "dynamics": dynamics,
        "threads": 1,
        **options,
    }
    words = ["compare"]
    for name, value in chosen.items():
        words += ["--" + name.replace("_", "-"), str(value)]
    return words


def run(words):
    """Runs the command; returns its JSON, seconds of wall clock and peak memory in bytes."""
    start = time.monotonic()
    child = subprocess.Popen(
        [COMMAND, *words, "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"failed: escapement {shlex.join(words)}")
    # Linux counts in kilobytes, macOS in bytes.
    peak = usage.ru_maxrss * (1 if platform.system() == "Darwin" else 1024)
    return json.loads(text), time.monotonic() - start, peak


def nanoseconds(words, dynamics):
    """Nanoseconds a step and the seconds that the run's timing gives."""
    timing = run(words)[0]["timing"][dynamics]
    return 1e9 * timing["seconds"] / max(timing["steps"], 1), timing["seconds"]


def interleaved(rows, repetitions, measure):
    """Measures every row once, then every row again, and so on; one list of values a row."""
    values = [[] for _ in rows]
    for repetition in range(repetitions):
        for index, row in enumerate(rows):
            values[index].append(measure(row))
        print(f"repetition {repetition + 1} of {repetitions} done", flush=True)
    return values


def figure(value):
    """A number to three significant digits, with separators of thousands."""
    if value == 0:
        return "0"
    digits = 2 - int(f"{value:e}".split("e")[1])
    value = round(value, digits)
    return f"{value:,.{max(digits, 0)}f}"


def range_of(values):
    """Lowest to highest, for the column beside a median."""
    return f"{figure(min(values))} – {figure(max(values))}"


def table(header, rows):
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def code(words):
    """The command that makes a row, for the table."""
    return "`escapement " + shlex.join(words) + "`"


def first_line(words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
        return (done.stdout or done.stderr).strip().splitlines()[0]
    except (OSError, IndexError):
        return "unknown"


def machine():
    """Processor, cores, versions, date and load, as one line of Markdown."""
    processor = platform.processor() or platform.machine()
    cores = os.cpu_count()
    if platform.system() == "Linux":
        listing = subprocess.run(["lscpu"], capture_output=True, text=True).stdout
        fields = dict(re.findall(r"^\s*([^:\n]+):\s*(.*)$", listing, re.MULTILINE))
        processor = f"{fields.get('Model name', processor)} (model {fields.get('Model', '?')})"
    elif platform.system() == "Darwin":
        processor = first_line(["sysctl", "-n", "machdep.cpu.brand_string"])
    swift = re.search(r"Swift version (\S+)", subprocess.run(
        ["swift", "--version"], capture_output=True, text=True).stdout)
    load = " ".join(f"{x:.1f}" for x in os.getloadavg())
    commit = first_line(["git", "rev-parse", "--short", "HEAD"])
    return (
        f"{processor}, {cores} cores, {platform.system()} {platform.machine()}; "
        f"Swift {swift.group(1) if swift else '?'}, GSL {first_line(['gsl-config', '--version'])}; "
        f"commit {commit}, {date.today().isoformat()}; "
        f"load at the start (1, 5, 15 minutes) {load}."
    )


def write_section(name, text):
    """Replaces one section of RESULTS.md and leaves the others alone."""
    known = {}
    if RESULTS.exists():
        marked = r"<!-- begin (\w+) -->\n(.*?)<!-- end \1 -->"
        known = dict(re.findall(marked, RESULTS.read_text(), re.DOTALL))
    known[name] = text.strip() + "\n"
    parts = [
        "# Measured speed\n\nWritten by the scripts of this folder, a section each; "
        "[README.md](README.md) says how to read it.\n"
    ]
    for section in SECTIONS:
        if section in known:
            parts.append(f"<!-- begin {section} -->\n{known[section]}<!-- end {section} -->\n")
    RESULTS.write_text("\n".join(parts))
    print(f"wrote the section '{name}' of {RESULTS.relative_to(ROOT)}")


median = statistics.median
