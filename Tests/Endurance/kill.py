#!/usr/bin/env python3
"""Kills runs, trajectories, merges, exports and sweeps with SIGKILL at random moments, takes them up
again, compares the files.

usage: kill.py [KILLS] [runs|trajectories|long|merges|exports|sweeps|plateaus …]
KILLS is 200 for runs, by default; half of it for exports, a quarter for trajectories, merges, sweeps
and plateaus, a twentieth for runs of long replicas, with some 12 seconds between two. What is killed
has one thread or two, by lot.
"""
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from common import expect_same, find_command, run

EXPERIMENT = ("--dimension 1000 --learning-rate 0.1 --thresholds 0.1,0.5 --replicas 3000,sgd:12 "
              "--dynamics ode,sde,chain,sgd --horizon 4 --seed 11").split()
TRAJECTORIES = ("--dimension 1000 --learning-rate 0.1 --replicas 2000,sgd:40 --dynamics ode,sde,chain,sgd "
                "--times log:0.01:4:100 --paths 30 --quantiles 0.1,0.5,0.9 --seed 11").split()
# Two replicas of a minute, whose states are saved every ten seconds.
LONG = ("--dimension 1e5 --learning-rate 0.1 --thresholds 0.1,0.5 --replicas 2 --dynamics sgd "
        "--start overlaps:0.2 --horizon 0.5 --seed 11").split()
SWEEP = ("--dimension 300,1000 --width 1,2 --learning-rate-over-width 0.1 --thresholds 0.1,0.5 "
         "--replicas 300 --dynamics chain,ode --seed 11").split()
FORMATS = ["csv", "json", "netcdf", "figures", "report", "notebook"]


PLATEAU = "--dimension 1000 --width 1,2 --learning-rate 0.1 --label-noise 0.1,1 --replicas 8 --seed 11".split()


def killed(words, after):
    """Starts the command and kills it; True when it was still running."""
    if words[0] not in ["merge", "export"]:
        words = [*words, "--threads", random.choice([1, 2])]
    process = subprocess.Popen([find_command(), *map(str, words)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    alive = process.poll() is None
    process.kill()
    process.wait()
    return alive


def timed(*words):
    """Runs the command and returns the seconds that it took."""
    began = time.monotonic()
    run(*words)
    return time.monotonic() - began


def contents(directory):
    """The files that are in place, by name; a picture's time of making is left out."""
    files = {}
    for path in pathlib.Path(directory).rglob("*"):
        name = path.relative_to(directory)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            data = path.read_bytes()
            if path.suffix == ".pdf":
                data = re.sub(rb"/CreationDate \([^)]*\)", b"", data)
            files[str(name)] = data
    return files


def expect_whole(directory, *versions):
    """Ends the script when a file in place is none of the versions that are whole."""
    for name, data in contents(directory).items():
        if not any(version.get(name) == data for version in versions):
            sys.exit(f"FAILED: {directory}/{name} is there in part")


def expect_equal(directory, version):
    found = contents(directory)
    if found != version:
        names = [name for name in sorted(found.keys() | version.keys())
                 if found.get(name) != version.get(name)]
        sys.exit(f"FAILED: {', '.join(names)} in {directory} differ")
    left = [path.name for path in pathlib.Path(directory).rglob(".*")]
    if left:
        sys.exit(f"FAILED: {', '.join(left)} is left in {directory}")


def kill_runs(place, kills, duration):
    """Kills one run after another; each at least once, until `kills` kills have hit."""
    hits = finished = attempts = 0
    while hits < kills:
        shutil.rmtree(place / "run", ignore_errors=True)
        while hits < kills:
            # Runs are killed early and late, while they compute and while they write.
            words = ["compare", *EXPERIMENT, "--output", place / "run"]
            if attempts % 2 and (place / "run/checkpoint.records").exists():
                words = ["resume", place / "run"]
            attempts += 1
            alive = killed(words, random.uniform(0, 1.1 * duration))
            hits += alive
            if not alive:
                break
        run("compare", *EXPERIMENT, "--output", place / "run")
        expect_same(place / "run", place / "single")
        finished += 1
    return hits, finished


def kill_trajectories(place, kills):
    """Kills trajectories, early and late, until `kills` kills have hit; lets each end."""
    words = ["trajectories", *TRAJECTORIES, "--output"]
    duration = timed(*words, place / "paths-whole")
    whole = contents(place / "paths-whole")
    hits = finished = attempts = 0
    while hits < kills:
        shutil.rmtree(place / "paths", ignore_errors=True)
        alive = True
        while alive and hits < kills:
            again = attempts % 2 and (place / "paths/checkpoint.trajectories").exists()
            attempts += 1
            alive = killed(["resume", place / "paths"] if again else [*words, place / "paths"],
                           random.uniform(0, 1.1 * duration))
            hits += alive
            found = contents(place / "paths") if (place / "paths").exists() else {}
            for name, data in found.items():
                if name != "checkpoint.trajectories" and whole.get(name) != data:
                    sys.exit(f"FAILED: {name} of killed trajectories is there in part:\n{data[-400:]}")
        run(*words, place / "paths")
        expect_equal(place / "paths", whole)
        finished += 1
    return hits, finished


def kill_long(place, kills):
    """Kills runs whose replicas outlive every process: they end only if they go on from inside."""
    duration = timed("compare", *LONG, "--output", place / "long-single")
    hits = finished = 0
    while hits < kills:
        shutil.rmtree(place / "long", ignore_errors=True)
        lives = 0
        while True:
            alive = killed(["compare", *LONG, "--output", place / "long"], random.uniform(6, 18))
            hits += alive
            lives += 1
            if not alive:
                break
            if lives > 20 + duration:
                sys.exit("FAILED: a long replica starts anew again and again")
        expect_same(place / "long", place / "long-single")
        finished += 1
    return hits, finished, duration


def kill_merges(place, kills):
    """Kills a merge again and again into one directory, then lets it end."""
    for index in range(1, 5):
        run("compare", *EXPERIMENT, "--shard", f"{index}/4", "--output", place / "shards")
    words = ["merge", place / "shards", "--output", place / "merged"]
    duration = timed(*words)
    # The merge adds up what the shards cost, which is the same each time.
    whole = contents(place / "merged")
    expect_same(place / "merged", place / "single")
    hits = finished = 0
    while hits < kills:
        shutil.rmtree(place / "merged", ignore_errors=True)
        for _ in range(5):
            hits += killed(words, random.uniform(0, 1.1 * duration))
            expect_whole(place / "merged", whole)
        run(*words)
        expect_equal(place / "merged", whole)
        finished += 1
    return hits, finished


def kill_exports(place, form, kills):
    """Kills exports over those of another run: every file is the old or the new one, never a part."""
    old, new, out = place / f"{form}-old", place / f"{form}-new", place / f"{form}-out"
    run("export", place / "other", "--to", form, "--output", old)
    words = ["export", place / "single", "--to", form, "--output"]
    duration = timed(*words, new)
    before, after = contents(old), contents(new)
    run(*words, out)
    expect_equal(out, after)  # An export that was not killed is the same each time.
    hits = finished = 0
    while hits < kills:
        shutil.rmtree(out)
        if finished % 2:
            shutil.copytree(old, out)
        else:
            out.mkdir()
        for _ in range(5):
            # Also late, where the files are put in place.
            share = random.choice([random.uniform(0, 1.1), random.uniform(0.9, 1.02)])
            hits += killed([*words, out], share * duration)
            expect_whole(out, before, after)
        run(*words, out)
        expect_equal(out, after)
        finished += 1
    return hits, finished


def kill_sweeps(place, kills):
    """Kills sweeps and lets them end: the files of the sweep and of its points."""
    words = ["sweep", *SWEEP, "--output"]
    duration = timed(*words, place / "sweep-whole")

    def files(directory):
        """What a sweep's points cost is another each time."""
        return {name: data for name, data in contents(directory).items()
                if not name.endswith(("summary.json", "manifest.sha256"))}

    whole = files(place / "sweep-whole")
    hits = finished = 0
    while hits < kills:
        shutil.rmtree(place / "sweep", ignore_errors=True)
        for _ in range(5):
            hits += killed([*words, place / "sweep"], random.uniform(0, 1.1 * duration))
            for name, data in files(place / "sweep").items() if (place / "sweep").exists() else ():
                if whole.get(name) != data:
                    sys.exit(f"FAILED: {name} of a killed sweep is there in part")
        run(*words, place / "sweep")
        if files(place / "sweep") != whole:
            sys.exit("FAILED: a sweep that was killed has other files")
        run("verify", place / "sweep")
        finished += 1
    return hits, finished


def kill_plateaus(place, kills):
    """Kills plateaus: what is in place is whole, and the end is the same."""
    words = ["plateau", *PLATEAU, "--output"]
    duration = timed(*words, place / "plateau-whole")
    whole = contents(place / "plateau-whole")
    hits = finished = 0
    while hits < kills:
        shutil.rmtree(place / "plateau", ignore_errors=True)
        for _ in range(5):
            hits += killed([*words, place / "plateau"], random.uniform(0, 1.1 * duration))
            if (place / "plateau").exists():
                expect_whole(place / "plateau", whole)
        run(*words, place / "plateau")
        expect_equal(place / "plateau", whole)
        run("verify", place / "plateau")
        finished += 1
    return hits, finished


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    chosen = sys.argv[2:] or ["runs", "trajectories", "long", "merges", "exports", "sweeps", "plateaus"]
    seed = random.randrange(1 << 32)
    random.seed(seed)
    print(f"moments drawn from seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        # What a killed export leaves goes with the rest.
        (place / "tmp").mkdir()
        os.environ["TMPDIR"] = str(place / "tmp")
        duration = timed("compare", *EXPERIMENT, "--output", place / "single")
        print(f"an uninterrupted run takes {duration:.1f} s", flush=True)
        if "runs" in chosen:
            hits, finished = kill_runs(place, kills, duration)
            print(f"{hits} SIGKILLs over {finished} runs: every file byte-identical", flush=True)
        if "trajectories" in chosen:
            hits, finished = kill_trajectories(place, max(1, kills // 4))
            print(f"{hits} SIGKILLs over {finished} trajectories: every file byte-identical", flush=True)
        if "long" in chosen:
            hits, finished, duration = kill_long(place, max(1, kills // 20))
            print(f"{hits} SIGKILLs over {finished} runs of long replicas, which take {duration:.0f} s "
                  "uninterrupted: every file byte-identical", flush=True)
        if "merges" in chosen:
            hits, finished = kill_merges(place, max(1, kills // 4))
            print(f"{hits} SIGKILLs over {finished} merges: every file byte-identical", flush=True)
        if "exports" in chosen:
            run("compare", *EXPERIMENT, "--seed", 12, "--output", place / "other")
            for form in FORMATS:
                hits, finished = kill_exports(place, form, -(-kills // (2 * len(FORMATS))))
                print(f"{hits} SIGKILLs over {finished} exports to {form}: every file "
                      "byte-identical, none ever in part", flush=True)
        if "sweeps" in chosen:
            hits, finished = kill_sweeps(place, max(1, kills // 4))
            print(f"{hits} SIGKILLs over {finished} sweeps: every file byte-identical", flush=True)
        if "plateaus" in chosen:
            hits, finished = kill_plateaus(place, max(1, kills // 4))
            print(f"{hits} SIGKILLs over {finished} plateaus: every file byte-identical", flush=True)


main()
