#!/usr/bin/env python3
"""Measures the memory and the time of a merge: a million replicas, three thresholds, 64 shards.

usage: merge_memory.py [REPLICAS] [SHARDS] [DYNAMICS]   (default: a million, 64, sde)
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from common import expect_same, find_command, run


def main():
    replicas = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    shards = int(sys.argv[2]) if len(sys.argv) > 2 else 64
    dynamics = sys.argv[3] if len(sys.argv) > 3 else "sde"
    experiment = (f"--dimension 100 --learning-rate 0.1 --dynamics {dynamics} --thresholds 0.01,0.1,0.5 "
                  f"--replicas {replicas} --time-step 0.02 --seed 3").split()
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        began = time.monotonic()
        for index in range(1, shards + 1):
            run("compare", *experiment, "--shard", f"{index}/{shards}", "--output", place / "shards")
        print(f"{shards} shards made in {time.monotonic() - began:.0f} s", flush=True)
        began = time.monotonic()
        process = subprocess.Popen(
            [find_command(), "merge", place / "shards", "--output", place / "merged"],
            stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds, peak = time.monotonic() - began, usage.ru_maxrss / 1024
        if status != 0:
            sys.exit(f"FAILED: merge ended with {status}")
        print(f"{replicas} replicas of {dynamics} x 3 thresholds from {shards} shards: "
              f"peak {peak:.0f} MB, {seconds:.1f} s, "
              f"{usage.ru_utime + usage.ru_stime:.1f} s of processor time")
        run("compare", *experiment, "--output", place / "single")
        expect_same(place / "merged", place / "single")
        if (replicas, dynamics) == (1_000_000, "sde") and peak >= 300:
            sys.exit("FAILED: expected less than 300 MB")


main()
