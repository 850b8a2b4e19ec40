#!/usr/bin/env python3
"""Puts the command under pressure, a fault at a time, and checks what it does.

usage: faults.py [NAME …]   (default: all)
Prints a line for each fault of the table in Documentation/Clusters.md. Faults that need root, or a
mount, are skipped by name where that is not to be had.
"""
import os
import pathlib
import pty
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from common import expect_same, files_of_run, find_command, run

SHORT = ("--dimension 300 --learning-rate 0.1 --replicas 3000,sgd:4 --dynamics ode,sde,chain,sgd "
         "--seed 3 --threads 2").split()
LONG = ("--dimension 3000 --learning-rate 0.1 --replicas 100000 --dynamics chain --seed 3 "
        "--threads 2").split()
failures = []


def told(fault, result, status, says, kept=None):
    """Checks status and message of an ended command."""
    text = " ".join(result.stderr.split())
    good = result.returncode == status and says in text
    print(f"{'ok    ' if good else 'FAILED'} {fault}: status {result.returncode}, {text[:200]}", flush=True)
    if not good:
        failures.append(fault)


def limited(which, value):
    return lambda: resource.setrlimit(which, (value, value))


def disk_full(place):
    disk = place / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk],
            capture_output=True).returncode != 0:
        print("SKIPPED disk full: no tmpfs can be mounted here")
        return
    try:
        words = ["compare", *SHORT, "--output", disk / "run"]
        told("disk full", run(*words, check=False), 74, "No space left on device")
        told("disk full, again", run("resume", disk / "run", check=False), 74,
             "No space left on device")
        told("disk full, export", run("export", place / "single", "--to", "csv", "--output",
                                      disk / "exported", check=False),
             74, "No space left on device")
        told("disk full, merge", run("merge", place / "shard", "--output", disk / "merged",
                                     check=False), 74, "No space left on device")
        left = [path for path in disk.glob("[em]*ed/*")]
        if left:
            failures.append(f"disk full leaves {left}")
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        told("room again", run("resume", disk / "run"), 0, "going on")
        expect_same(disk / "run", place / "single")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        told("read-only file system", run("compare", *SHORT, "--output", disk / "new", check=False),
             73, "expected a writable")
        told("a finished run on it", run("compare", *SHORT, "--output", disk / "run", check=False),
             0, "is finished already")
    finally:
        subprocess.run(["umount", disk], check=True)


def file_too_large(place):
    told("file size limit", run("compare", *SHORT, "--output", place / "limit", check=False,
                                preexec_fn=limited(resource.RLIMIT_FSIZE, 100_000)),
         74, "File too large")
    run("resume", place / "limit")
    expect_same(place / "limit", place / "single")


def read_only(place):
    if os.geteuid() != 0:
        nobody = None
    else:
        nobody = lambda: os.setuid(65534)
    directory = place / "locked"
    directory.mkdir(mode=0o555)
    told("read-only directory",
         run("compare", *SHORT, "--output", directory, check=False, preexec_fn=nobody),
         73, "cannot create files in")
    told("directory that cannot be made",
         run("compare", *SHORT, "--output", directory / "run", check=False, preexec_fn=nobody),
         73, "cannot create the directory")


def closed_pipes(place):
    for stream in ["stdout", "stderr"]:
        reader, writer = os.pipe()
        os.close(reader)
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, stream: writer}
        output = place / f"pipe-{stream}"
        result = subprocess.run(
            [find_command(), "compare", *SHORT, "--output", output], stdin=subprocess.DEVNULL,
            text=True, **streams)
        os.close(writer)
        result.stderr = result.stderr or ""
        told(f"{stream} is a closed pipe", result, 0, "")
        expect_same(output, place / "single")


def few_handles(place):
    for count in [8, 20, 31]:
        told(f"{count} file handles",
             run("compare", *SHORT, "--output", place / "handles", check=False,
                 preexec_fn=limited(resource.RLIMIT_NOFILE, count)), 71, "the limit of open files")
    told("32 file handles", run("compare", *SHORT, "--output", place / "handles", check=False,
                                preexec_fn=limited(resource.RLIMIT_NOFILE, 32)), 0, "")
    expect_same(place / "handles", place / "single")


def little_memory(place):
    told("more records than memory",
         run("compare", *SHORT[:4], "--replicas", "20000000", "--output", place / "big",
             check=False, preexec_fn=limited(resource.RLIMIT_AS, 2_000_000_000)),
         64, "replicas: found 20000000")
    # Below what threads and libraries take, the process ends as the system likes; the run survives.
    # Swift's own report of a crash can hang without memory.
    quiet = dict(os.environ, SWIFT_BACKTRACE="enable=no")
    for megabytes in [100, 200, 400, 700, 1000]:
        output = place / "memory"
        result = run("compare", *SHORT, "--output", output, check=False, env=quiet,
                     preexec_fn=limited(resource.RLIMIT_AS, megabytes * 1_000_000))
        print(f"ok     ulimit -v {megabytes} MB: status {result.returncode}, "
              f"{' '.join(result.stderr.split())[:120]}", flush=True)
    run("compare", *SHORT, "--output", output)
    expect_same(output, place / "single")


def wait_for_checkpoint(directory, process, size=1000):
    checkpoint = directory / "checkpoint.records"
    while process.poll() is None and not (
            checkpoint.exists() and checkpoint.stat().st_size > size):
        time.sleep(0.02)


def terminal_gone(place):
    output = place / "terminal"
    child, master = pty.fork()
    if child == 0:
        os.execv(find_command(), ["escapement", "compare", *LONG, "--output", str(output)])
    end = time.monotonic() + 60
    while time.monotonic() < end:
        os.read(master, 10_000)  # The progress bar.
        checkpoint = output / "checkpoint.records"
        if checkpoint.exists() and checkpoint.stat().st_size > 1000:
            break
    os.close(master)
    _, status = os.waitpid(child, 0)
    result = subprocess.CompletedProcess([], os.waitstatus_to_exitcode(status), "", "")
    told("terminal goes away", result, 75, "")


def signals_ignored(place):
    """As under nohup: what was ignored when the program began does not stop it."""
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    output = place / "nohup"
    process = subprocess.Popen(
        [find_command(), "compare", *SHORT, "--output", output], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=ignore)
    wait_for_checkpoint(output, process)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    told("hangup and Ctrl-C that are ignored",
         subprocess.CompletedProcess([], process.returncode, "", stderr), 0, "")
    expect_same(output, place / "single")


def stopped_and_continued(place):
    """As a laptop that sleeps: time passes, the process does not."""
    output = place / "stopped"
    process = subprocess.Popen([find_command(), "compare", *SHORT, "--output", output],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(5):
        time.sleep(0.1)
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.5)
        process.send_signal(signal.SIGCONT)
    result = subprocess.CompletedProcess([], process.wait(), "", "")
    told("stopped and continued", result, 0, "")
    expect_same(output, place / "single")


def clock_jumps(place):
    faketime = shutil.which("faketime")
    if faketime is None:
        print("SKIPPED clock jumps: faketime is not installed")
        return
    for jump in ["-10 years", "+10 years"]:
        output = place / f"clock{jump[0]}"
        words = [find_command(), "compare", *LONG, "--output", str(output)]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_checkpoint(output, process)
        process.kill()
        process.wait()
        process = subprocess.Popen(
            [faketime, "-f", jump.replace(" years", "y"), *words], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        size = (output / "checkpoint.records").stat().st_size
        wait_for_checkpoint(output, process, size)
        # Some versions of faketime stay in front of the command and pass no signal on.
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        os.kill(int(children.split()[0]) if children.split() else process.pid, signal.SIGTERM)
        _, stderr = process.communicate()
        told(f"the clock jumps by {jump}",
             subprocess.CompletedProcess([], process.returncode, "", stderr), 75, "going on")


def main():
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        os.chmod(place, 0o755)
        run("compare", *SHORT, "--output", place / "single")
        files_of_run(place / "single")
        run("compare", *SHORT, "--shard", "1/1", "--output", place / "shard")
        faults = [disk_full, file_too_large, read_only, closed_pipes, few_handles, little_memory,
                  terminal_gone, signals_ignored, stopped_and_continued, clock_jumps]
        for fault in faults:
            if not sys.argv[1:] or fault.__name__ in sys.argv[1:]:
                fault(place)
    if failures:
        sys.exit(f"FAILED: {', '.join(failures)}")


main()
