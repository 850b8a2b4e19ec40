#!/usr/bin/env python3
"""Measures the memory and the time of a merge: a million replicas, three thresholds, 64 shards.

usage: merge_memory.py [REPLICAS] [SHARDS]
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
    experiment = (f"--dimension 100 --learning-rate 0.1 --dynamics sde --thresholds 0.01,0.1,0.5 "
                  f"--replicas {replicas} --time-step 0.02 --seed 3").split()
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        for index in range(1, shards + 1):
            run("compare", *experiment, "--shard", f"{index}/{shards}", "--output", place / "shards")
        began = time.monotonic()
        process = subprocess.Popen(
            [find_command(), "merge", place / "shards", "--output", place / "merged"],
            stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds, peak = time.monotonic() - began, usage.ru_maxrss / 1024
        if status != 0:
            sys.exit(f"FAILED: merge ended with {status}")
        print(f"{replicas} replicas x 3 thresholds from {shards} shards: "
              f"peak {peak:.0f} MB, {seconds:.1f} s")
        run("compare", *experiment, "--output", place / "single")
        expect_same(place / "merged", place / "single")
        if replicas == 1_000_000 and peak >= 300:
            sys.exit("FAILED: expected less than 300 MB")


main()
