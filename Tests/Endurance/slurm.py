#!/usr/bin/env python3
"""Runs 1, 3 and 16 shards as tasks of a real Slurm, kills two of the 16 on purpose, resubmits them,
and compares the joined files with those of a single run.

Starts munged, slurmctld and slurmd on this machine in a directory of its own, and ends them.
Needs root and the Debian packages slurm-wlm and munge; says so and ends with 0 otherwise.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from common import expect_same, find_command, run

EXPERIMENT = ("--dimension 2000 --learning-rate 0.1 --thresholds 0.1,0.5 --replicas 3000,sgd:16 "
              "--dynamics ode,sde,chain,sgd --horizon 5 --seed 7").split()


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(0)


class Slurm:
    """A cluster of one node."""

    def __init__(self, place):
        self.place = place
        self.processes = []
        host = socket.gethostname().split(".")[0]
        munge = place / "munge"
        munge.mkdir()
        (munge / "key").write_bytes(os.urandom(1024))
        os.chmod(munge / "key", 0o400)
        # munged wants every directory above its socket to be searchable by all.
        self.socket = munge / "socket"
        os.chmod(munge, 0o755)
        for directory in ["state", "spool"]:
            (place / directory).mkdir()
        (place / "slurm.conf").write_text(f"""
ClusterName=escapement
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={self.socket}
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmctldPort=36817
SlurmdPort=36818
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd.log
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool
ReturnToService=2
JobRequeue=0
KillWait=5
MinJobAge=600
SchedulerParameters=sched_min_interval=200000,batch_sched_delay=1
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=1000 State=UNKNOWN
PartitionName=short Nodes=ALL Default=YES MaxTime=INFINITE State=UP
""")
        self.environment = dict(os.environ, SLURM_CONF=str(place / "slurm.conf"))
        self.start("munged", "--foreground", "--force", f"--key-file={munge}/key",
                   f"--socket={self.socket}", f"--pid-file={munge}/pid", f"--log-file={munge}/log",
                   f"--seed-file={munge}/seed")
        self.wait(lambda: self.socket.exists(), "munged")
        self.start("slurmctld", "-D")
        self.start("slurmd", "-D", "-N", host)
        self.wait(lambda: "idle" in self.call("sinfo", "-h", "-o", "%T", check=False), "slurmd")

    def start(self, *words):
        log = open(self.place / f"{words[0]}.out", "w")
        self.processes.append(subprocess.Popen(
            words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def wait(self, condition, name, seconds=40):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or any(p.poll() is not None for p in self.processes):
                self.stop()
                logs = "\n".join(f"{f.name}: {f.read_text()[-600:]}"
                                 for f in self.place.glob("*.[ol][uo][tg]"))
                print(logs, file=sys.stderr)
                skip(f"{name} does not start on this machine")
            time.sleep(0.1)

    def call(self, *words, check=True):
        result = subprocess.run(words, env=self.environment, capture_output=True, text=True)
        if check and result.returncode != 0:
            sys.exit(f"FAILED: {' '.join(words)}: {result.stderr}")
        return result.stdout

    def jobs(self):
        """The state of each task that Slurm still knows: {'12_3': 'RUNNING'}."""
        lines = self.call("squeue", "-h", "-r", "-t", "all", "-o", "%F_%K %T").splitlines()
        return dict(line.split() for line in lines if len(line.split()) == 2)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def processes_of_tasks(directory):
    """The running tasks of a job array as pairs of shard and process, by what they were called with."""
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"--shard" in words and os.readlink(place / "cwd") == str(directory):
                yield words[words.index(b"--shard") + 1].split(b"/")[0].decode(), int(place.name)
        except OSError:
            continue  # It has just ended.


def wait_for(slurm, condition, what, seconds=300, pause=0.2):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"FAILED: no {what} in {seconds} s: {slurm.jobs()}")
        time.sleep(pause)


def submit(slurm, *words):
    result = run("submit", *words, env=slurm.environment)
    print(result.stdout.strip())
    return result.stdout.split()[1]


def merged(directory):
    return (directory / "summary.json").exists()


def two_killed(slurm, place, replicas):
    """Kills two of 16 tasks and resubmits them; False when they ended before."""
    experiment = [*EXPERIMENT, "--replicas", f"3000,sgd:{replicas}"]
    single, output = place / f"single-{replicas}", place / f"run-16-{replicas}"
    run("compare", *experiment, "--output", single)
    job = submit(slurm, *experiment, "--tasks", 16, "--partition", "short", "--output", output)
    victims = []

    def kill_two():
        for shard, process in processes_of_tasks(output):
            begun = output / f"checkpoint-{shard}-of-16.records"
            if len(victims) < 2 and shard not in victims and begun.exists():
                # KILL for one, as a node that fails; TERM for the other, as a time limit.
                os.kill(process, [signal.SIGKILL, signal.SIGTERM][len(victims)])
                victims.append(shard)
        return len(victims) == 2

    wait_for(slurm, kill_two, "two running tasks", pause=0.02)
    active = {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING"}
    wait_for(slurm, lambda: not any(
        task.startswith(f"{job}_") and state in active for task, state in slurm.jobs().items()),
        "end of the tasks")
    finished = len(list(output.glob("shard-*-of-16.records")))
    print(f"killed tasks {' and '.join(victims)}; {finished} of 16 shards are finished", flush=True)
    if finished != 14:
        return False
    if merged(output):
        sys.exit("FAILED: the merge did not wait for the tasks that were killed")
    again = submit(slurm, "--resubmit", output)
    wait_for(slurm, lambda: merged(output), "merged run")
    tasks_again = [task for task in slurm.jobs() if task.startswith(f"{again}_")]
    if sorted(task.split("_")[1] for task in tasks_again) != sorted(victims):
        sys.exit(f"FAILED: resubmitted {tasks_again}, expected {victims} alone")
    expect_same(output, single)
    print("16 shards, two killed and resubmitted alone: byte-identical to the single run",
          flush=True)
    return True


def main():
    if os.geteuid() != 0:
        skip("Slurm's daemons are started by root only")
    for name in ["munged", "slurmctld", "slurmd", "sbatch"]:
        if shutil.which(name) is None:
            skip(f"{name} is not installed: apt-get install slurm-wlm munge")
    find_command()
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        os.chmod(place, 0o755)
        run("compare", *EXPERIMENT, "--output", place / "single")
        (place / "slurm").mkdir()
        slurm = Slurm(place / "slurm")
        try:
            for tasks in [1, 3]:
                output = place / f"run-{tasks}"
                submit(slurm, *EXPERIMENT, "--tasks", tasks, "--partition", "short",
                       "--output", output)
                wait_for(slurm, lambda: merged(output), "merged run")
                expect_same(output, place / "single")
                print(f"{tasks} shard(s) through Slurm: byte-identical to the single run", flush=True)

            # On a busy machine a task may end before its signal comes; then they get more to do.
            if not any(two_killed(slurm, place, replicas) for replicas in [32, 64, 128, 256]):
                sys.exit("FAILED: no two tasks were killed in time, nothing was tested")
        finally:
            slurm.stop()


main()
