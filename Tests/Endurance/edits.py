#!/usr/bin/env python3
"""Alters finished files at random and has them read: none may be used without a word.

usage: edits.py [EDITS] [SEED]   (default: 500, drawn)
Each edit is to one file of a run, trajectories, a sweep, a point of it or a shard: a bit, a digit, a byte more or
less, the end cut off, two lines exchanged, one twice, or the same file of another experiment. Readers of the
file must refuse it (65 or 73), or say so and make it again to the same bytes. Ends with an error where one was
used silently, or the command crashed.
"""
import collections
import pathlib
import random
import shutil
import sys
import tempfile

from common import run

MODEL = "--learning-rate 0.1 --thresholds 0.5 --replicas 6 --dynamics ode,sde,chain --threads 1".split()
RUN = ["compare", "--dimension", "60", "--width", "2", *MODEL]
PATHS = ["trajectories", "--dimension", "60", "--learning-rate", "0.1", "--replicas", "4", "--dynamics", "ode,chain",
         "--times", "0,1,2", "--paths", "2", "--quantiles", "0.5", "--threads", "1"]
SWEEP = ["sweep", "--dimension", "50,60", "--width", "2", *MODEL]


def bit(data, rng, _):
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1:]


def digit(data, rng, _):
    places = [place for place, byte in enumerate(data) if 48 <= byte <= 57]
    if not places:
        return data
    place = rng.choice(places)
    return data[:place] + bytes([48 + (data[place] - 48 + rng.randrange(1, 10)) % 10]) + data[place + 1:]


def insertion(data, rng, _):
    place = rng.randrange(len(data) + 1)
    return data[:place] + bytes([rng.choice(b"0123456789.,-e \n#'\"")]) + data[place:]


def deletion(data, rng, _):
    place = rng.randrange(len(data))
    return data[:place] + data[place + 1:]


def cut(data, rng, _):
    return data[:rng.randrange(len(data))]


def lines(data, rng, _):
    parts = data.splitlines(keepends=True)
    one, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return b"".join(parts)


def twice(data, rng, _):
    parts = data.splitlines(keepends=True)
    place = rng.randrange(len(parts))
    return b"".join(parts[:place + 1] + parts[place:])


def foreign(data, rng, other):
    return other


EDITS = [bit, bit, digit, digit, digit, insertion, deletion, cut, lines, twice, foreign]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    rng = random.Random(seed)
    print(f"edits drawn from seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        for which, number in [("mine", "7"), ("other", "8")]:
            run(*RUN, "--seed", number, "--output", place / which / "run")
            run(*PATHS, "--seed", number, "--output", place / which / "paths")
            run(*SWEEP, "--seed", number, "--output", place / which / "grid")
            for share in ["1/2", "2/2"]:
                run(*RUN, "--seed", number, "--shard", share, "--output", place / which / "shards")
        files = [path.relative_to(place / "mine") for path in sorted((place / "mine").rglob("*")) if path.is_file()]
        readers = {
            "run": [["export", "run", "--to", "json"], ["export", "run", "--to", "csv"], ["resume", "run"],
                    [*RUN, "--seed", "7", "--output", "run"], ["test", "run", "run", "--dynamics", "chain"]],
            "paths": [["export", "paths", "--to", "json"], ["export", "paths", "--to", "netcdf"], ["resume", "paths"],
                      [*PATHS, "--seed", "7", "--output", "paths"]],
            "grid": [["export", "grid", "--to", "json"], ["export", "grid", "--to", "report"]],
            "points": [[*SWEEP, "--seed", "7", "--output", "grid"]],
            "shards": [["merge", "shards", "--output", "merged"]],
        }
        told, silent, crashed, remade = collections.Counter(), [], [], 0
        done = 0
        while done < count:
            file = rng.choice(files)
            kind = "points" if "points" in file.parts else file.parts[0]
            work = place / "work"
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            shutil.copytree(place / "mine" / file.parts[0], work / file.parts[0])
            sound = (work / file).read_bytes()
            other = (place / "other" / file).read_bytes()
            edit = rng.choice(EDITS)
            altered = edit(sound, rng, other)
            if altered == sound:
                continue
            (work / file).write_bytes(altered)
            done += 1
            words = rng.choice(readers[kind])
            # What is not one of its files an experiment's own test does not read.
            if words[0] == "test" and file.name not in ("exit_times.csv", "manifest.sha256"):
                words = readers[kind][0]
            case = f"{edit.__name__} in {file}, {words[0]}"
            verified = run("verify", file.parts[0], cwd=work, check=False)
            result = run(*words, cwd=work, check=False)
            if result.returncode < 0 or result.returncode >= 128 or result.returncode == 70:
                crashed.append(f"{case}: {result.returncode} {result.stderr[:200]}")
            elif verified.returncode != 65:
                silent.append(f"{case}: verify says {verified.returncode}")
            elif result.returncode in (65, 73):
                told[kind] += 1
            elif kind == "points" and "is run again" in result.stderr and all(
                    (work / "grid" / table).read_bytes() == (place / "mine/grid" / table).read_bytes()
                    for table in ["sweep.csv", "verdicts.csv", "fits.json"]):
                told[kind] += 1
                remade += 1
            else:
                silent.append(f"{case}: status {result.returncode} {result.stderr[:200]}")
    print(f"{done} edits: {sum(told.values())} refused or made again ("
          + ", ".join(f"{kind} {told[kind]}" for kind in readers) + f"; {remade} points run again), "
          f"{len(silent)} silently accepted, {len(crashed)} crashes", flush=True)
    if silent or crashed:
        sys.exit("FAILED:\n" + "\n".join(silent + crashed))


main()
