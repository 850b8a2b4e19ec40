#!/usr/bin/env python3
"""Makes the corpus of the fuzzer: small valid files, each with the letter of its reader in front.

Needs the built command, which makes the records, the run and the sweep.
"""
import json
import pathlib
import shutil
import struct
import sys
import tempfile
import zlib

PLACE = pathlib.Path(__file__).resolve().parent / "Corpus"
ROOT = PLACE.parents[2]
sys.path.insert(0, str(ROOT / "Tests/Endurance"))
from common import run  # noqa: E402

SMALL = ("--dimension 50 --learning-rate 0.1 --thresholds 0.5 --horizon 2 --seed 3 "
         "--dynamics ode,chain").split()


def block(tag, content):
    head = tag + struct.pack("<I", len(content))
    return head + struct.pack("<I", zlib.crc32(head + content)) + content


def records():
    """Records of no experiment that could be, for the reader of blocks alone."""
    header = {"experiment": "dimension: 5\n", "format": 1, "share": {"count": 3, "index": 1},
              "version": "0.2.0"}
    content = struct.pack("<B3sIqd", 2, (2).to_bytes(3, "little"), 2, 70, 0.5)
    for replica in [4, 5]:
        content += struct.pack("<I", replica)
        content += struct.pack("<dqB", 0.25, 50, 0) + struct.pack("<dqB", 3.0, 600, 1)
    return (b"\x89ESCR\r\n\x1a" + block(b"HEAD", json.dumps(header).encode())
            + block(b"RECS", content) + block(b"END ", b""))


def snapshot():
    """The state of a replica of the chain at p = 1: one threshold crossed, the other ahead."""
    header = {"experiment": "dimension: 50\n", "format": 1, "version": "0.2.0"}
    content = struct.pack("<BQ", 2, 0) + struct.pack("<d5Q", 0.4, 300, 1, 2, 3, 4)
    content += struct.pack("<Bdq", 1, 0.5, 250) + struct.pack("<Bdq", 0, 0, 0) + struct.pack("<d", 0.5)
    return (b"\x89ESCR\r\n\x1a" + block(b"HEAD", json.dumps(header).encode())
            + block(b"STAT", content) + block(b"END ", b""))


def main():
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir()

    def add(name, letter, content):
        (PLACE / name).write_bytes(letter.encode() + content)

    for path in sorted((ROOT / "data/experiments").glob("*.yaml")):
        content = path.read_bytes()
        is_sweep = b"\nsweep:" in content or b"\ncases:" in content
        add(path.stem, "w" if is_sweep else "l" if b"\ntimes:" in content else "y", content)
    add("gram", "y", b"dimension: 9\nlearning-rate: 1e-1\nstart: {gram: [[1, 0.1], [0.1, 1]]}\n"
        b"replicas: {default: 3, sgd: 1}\nseed: 18446744073709551615\nthresholds: [0.5]\n")
    add("sweep", "w", b"learning-rate-over-best: 1\nsweep: {width: [1, 2]}\n"
        b"cases: [{dimension: 50, replicas: 4}, {dimension: 90, replicas: 2}]\n"
        b"overrides: [{when: {width: [2]}, replicas: 1}]\n")
    add("gram-file", "g", b"[[1, 0.1], [0.1, 1]]")
    add("times", "c", b"dynamics,threshold,replica,outcome,exit_time,exit_step\n"
        b"ode,0.5,0,exited,1.5,\nsgd,0.5,0,censored,,7\nsgd,0.5,1,diverged,1e-3,7\n")
    add("column", "c", b"time\r\n1\r\n\"2\"\r\n\r\n3.5e2\r\n")
    add("records", "r", records())
    add("records-with-checksums", "s", records())
    add("snapshot", "n", snapshot())

    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        run("compare", *SMALL, "--replicas", 2, "--shard", "1/1", "--output", place / "shard")
        shard = (place / "shard/shard-1-of-1.records").read_bytes()
        add("shard", "m", shard)
        # A directory in the way of the summary leaves the checkpoint.
        (place / "part/summary.json").mkdir(parents=True)
        run("compare", *SMALL, "--replicas", 2, "--output", place / "part", check=False)
        add("checkpoint", "k", (place / "part/checkpoint.records").read_bytes())
        run("compare", *SMALL, "--replicas", 5, "--output", place / "run")
        add("exit-times", "e", (place / "run/exit_times.csv").read_bytes())
        # An entry of each kind; nothing of the others, which name records that are not there.
        summary = json.loads((place / "run/summary.json").read_bytes())
        summary = {key: summary[key] for key in
                   ["schema", "provenance", "theory", "exit_times", "comparisons", "warnings",
                    "timing"]}
        for entry, count in zip(summary["exit_times"], [(1, 0), (1, 1)]):
            entry.update(dynamics=["ode", "chain"][count[1]], replicas=sum(count),
                         exited=count[0], censored=count[1], diverged=0)
            for key in ["histogram", "kaplan_meier"]:
                entry.pop(key, None)
        add("manifest", "x", (place / "run/manifest.sha256").read_bytes())
        add("summary", "j", json.dumps(summary).encode())
        paths = place / "paths"
        plan = [*SMALL[:4], "--dynamics", "ode,chain", "--replicas", 2, "--times", "0,1", "--paths", 1,
                "--quantiles", 0.5, "--seed", 3]
        # A directory in the way of the summary leaves the checkpoint.
        (paths / "summary.json").mkdir(parents=True)
        run("trajectories", *plan, "--output", paths, check=False)
        add("paths-checkpoint", "h", (paths / "checkpoint.trajectories").read_bytes())
        (paths / "summary.json").rmdir()
        run("resume", paths)
        for letter, name in [("l", "experiment.yaml"), ("a", "trajectories.csv"), ("b", "bands.csv"),
                             ("u", "summary.json")]:
            add(f"paths-{pathlib.Path(name).stem}", letter, (paths / name).read_bytes())
        run("sweep", *SMALL[2:], "--dimension", "50,90", "--replicas", 3, "--output", place / "sweep")
        add("sweep-manifest", "x", (place / "sweep/manifest.sha256").read_bytes())
        add("sweep-identity", "i", (place / "sweep/sweep.yaml").read_bytes())
        add("sweep-table", "t", (place / "sweep/sweep.csv").read_bytes())
        add("verdict-table", "v", (place / "sweep/verdicts.csv").read_bytes())
        fits = json.loads((place / "sweep/fits.json").read_bytes())
        add("fits", "f", json.dumps({key: fits[key][:1] for key in fits}).encode())
        grid = ("learning-rate: 0.1\nthresholds: [0.5]\ndynamics: [ode, chain]\nreplicas: 3\n"
                "sweep: {dimension: [50, 90]}\n")
        (place / "grid.yaml").write_text(grid)
        run("sweep", place / "grid.yaml", "--output", place / "grid")
        point = json.loads((place / "grid/points/0001/point.json").read_bytes())
        point["experiment"] = "@"
        add("point", "p", json.dumps(point).encode())


main()
