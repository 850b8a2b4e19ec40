"""What the endurance scripts share: the built command, and runs compared byte by byte."""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def find_command():
    """The built command: ESCAPEMENT, or the release build, or the one that tests use."""
    given = os.environ.get("ESCAPEMENT")
    for path in [given] if given else [ROOT / ".build/release/escapement",
                                       ROOT / ".build-test/release/escapement"]:
        if os.access(path, os.X_OK):
            return str(pathlib.Path(path).resolve())
    sys.exit("no built command: make build, or set ESCAPEMENT")


def run(*words, check=True, timeout=600, **options):
    """Runs the command to its end."""
    result = subprocess.run([find_command(), *map(str, words)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout, **options)
    if check and result.returncode != 0:
        sys.exit(f"escapement {' '.join(map(str, words))}: {result.returncode}\n{result.stderr}")
    return result


FILES = ["exit_times.csv", "experiment.yaml", "summary.json"]


def files_of_run(directory):
    """The files of a run; the cost, which is another each time, is left out of summary.json."""
    files = {name: (pathlib.Path(directory) / name).read_bytes() for name in FILES}
    summary = json.loads(files["summary.json"])
    del summary["timing"]
    files["summary.json"] = json.dumps(summary, sort_keys=True)
    return files


def expect_same(first, second):
    """Ends the script unless two runs have the same files."""
    one, other = files_of_run(first), files_of_run(second)
    for name in FILES:
        if one[name] != other[name]:
            sys.exit(f"FAILED: {name} of {first} and {second} differ")
    run("verify", first, second)
