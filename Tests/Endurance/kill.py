#!/usr/bin/env python3
"""Kills runs and merges with SIGKILL at random moments, takes them up again, compares the files.

usage: kill.py [KILLS]   (default 200 for runs and 50 for merges)
"""
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from common import expect_same, find_command, run

EXPERIMENT = ("--dimension 1000 --learning-rate 0.1 --thresholds 0.1,0.5 --replicas 3000,sgd:12 "
              "--dynamics ode,sde,chain,sgd --horizon 4 --seed 11 --threads 2").split()


def killed(words, after):
    """Starts the command and kills it; True when it was still running."""
    process = subprocess.Popen([find_command(), *words], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    alive = process.poll() is None
    process.kill()
    process.wait()
    return alive


def kill_runs(place, kills, duration):
    """Kills one run after another; each at least once, until `kills` kills have hit."""
    hits = finished = attempts = 0
    while hits < kills:
        shutil.rmtree(place / "run", ignore_errors=True)
        while hits < kills:
            # Runs are killed early and late, while they compute and while they write.
            words = ["compare", *EXPERIMENT, "--output", str(place / "run")]
            if attempts % 2 and (place / "run/checkpoint.records").exists():
                words = ["resume", str(place / "run")]
            attempts += 1
            alive = killed(words, random.uniform(0, 1.1 * duration))
            hits += alive
            if not alive:
                break
        run("compare", *EXPERIMENT, "--output", place / "run")
        expect_same(place / "run", place / "single")
        finished += 1
    return hits, finished


def kill_merges(place, kills):
    """Kills a merge again and again into one directory, then lets it end."""
    for index in range(1, 5):
        run("compare", *EXPERIMENT, "--shard", f"{index}/4", "--output", place / "shards")
    words = ["merge", str(place / "shards"), "--output", str(place / "merged")]
    began = time.monotonic()
    run(*words)
    duration = time.monotonic() - began
    hits = finished = 0
    while hits < kills:
        shutil.rmtree(place / "merged", ignore_errors=True)
        for _ in range(5):
            hits += killed(words, random.uniform(0, 1.1 * duration))
        run(*words)
        expect_same(place / "merged", place / "single")
        finished += 1
    return hits, finished


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = random.randrange(1 << 32)
    random.seed(seed)
    print(f"moments drawn from seed {seed}")
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        began = time.monotonic()
        run("compare", *EXPERIMENT, "--output", place / "single")
        duration = time.monotonic() - began
        print(f"an uninterrupted run takes {duration:.1f} s")
        hits, finished = kill_runs(place, kills, duration)
        print(f"{hits} SIGKILLs over {finished} runs: every file byte-identical")
        hits, finished = kill_merges(place, max(1, kills // 4))
        print(f"{hits} SIGKILLs over {finished} merges: every file byte-identical")


main()
