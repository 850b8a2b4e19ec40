#!/usr/bin/env python3
"""Times two builds of the command against each other, task by task, in turns.

usage: against.py OLD NEW [ROUNDS]
OLD and NEW are paths of the command. Prints, for each task, the median processor time of each and the
median ratio new/old with its quartiles, over ROUNDS (7, at least 2) pairs; the results must be equal, byte for byte.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

TASKS = {
    "chain p = 1": "--dynamics chain --dimension 3000 --replicas 400",
    "chain p = 8": "--dynamics chain --dimension 3000 --replicas 24 --width 8 --learning-rate 0.8",
    "SDE p = 1": "--dynamics sde --dimension 3000 --replicas 100000",
    "SDE p = 8": "--dynamics sde --dimension 3000 --replicas 300 --width 8 --learning-rate 0.8",
    "full SGD p = 1": "--dynamics sgd --dimension 1000 --replicas 16",
    "full SGD p = 8": "--dynamics sgd --dimension 1000 --replicas 2 --width 8 --learning-rate 0.8",
}
COMMON = "compare --learning-rate 0.1 --thresholds 0.5 --horizon 60 --seed 7 --threads 1 --label-noise 0.0001"


def seconds(command, words, output):
    """Processor seconds of a run; what it prints goes nowhere."""
    process = subprocess.Popen([command, *words, "--output", output], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command} {' '.join(words)}: {errors.decode()}")
    return usage.ru_utime + usage.ru_stime


def words_of(task):
    """The words of a task; of an option given twice the last counts."""
    options = {}
    words = f"{COMMON} {TASKS[task]}".split()
    for name, value in zip(words[1::2], words[2::2]):
        options[name] = value
    return [words[0], *(word for pair in options.items() for word in pair)]


def main():
    if len(sys.argv) not in [3, 4]:
        sys.exit(__doc__)
    commands, rounds = sys.argv[1:3], int(sys.argv[3]) if len(sys.argv) > 3 else 7
    for task in TASKS:
        times = ([], [])
        for index in range(rounds):
            with tempfile.TemporaryDirectory() as name:
                # Each goes first in every other round.
                for side in [0, 1] if index % 2 else [1, 0]:
                    times[side].append(seconds(commands[side], words_of(task), f"{name}/{side}"))
                exits = [pathlib.Path(name, str(side), "exit_times.csv").read_bytes() for side in [0, 1]]
            if exits[0] != exits[1]:
                sys.exit(f"FAILED: {task}: the exit times differ")
        ratios = sorted(new / old for old, new in zip(*times))
        quartiles = statistics.quantiles(ratios, n=4)
        print(f"{task:15s} old {statistics.median(times[0]):6.2f} s   new {statistics.median(times[1]):6.2f} s   "
              f"new/old {quartiles[1]:.3f} ({quartiles[0]:.3f} … {quartiles[2]:.3f})", flush=True)


main()
