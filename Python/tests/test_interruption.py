from __future__ import annotations

import importlib.util
import os
import signal
import tempfile
import threading
import time
from pathlib import Path

import pytest

import escapement

LONG = {
    "dimension": 10000,
    "learning_rate": 0.01,
    "replicas": 120,
    "dynamics": "chain",
    "threads": 1,
    "thresholds": 0.5,
}


def interrupt_when(begun) -> None:
    """Press Ctrl-C once a run has begun, and half a second more."""

    def wait() -> None:
        while not begun():
            time.sleep(0.01)
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=wait, daemon=True).start()


def test_what_is_interrupted_is_saved_and_ends_as_if_it_had_not_been(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    # Without output, so that the directory is not the caller's.
    interrupt_when(lambda: any(tmp_path.glob("escapement-run-*/run/.lock")))
    with pytest.raises(escapement.Interrupted, match=r"escapement\.resume\('.*'\) goes on") as told:
        escapement.compare(**LONG)
    place = told.value.directory
    assert place.is_dir()
    with pytest.raises(escapement.EscapementError, match="unfinished"):
        escapement.open_run(place)
    resumed = escapement.resume(place)
    assert resumed.sizes["replica"] == 120
    whole = tmp_path / "whole"
    escapement.compare(**{**LONG, "threads": 2}, output=whole)
    assert (place / "exit_times.csv").read_bytes() == (whole / "exit_times.csv").read_bytes()


def test_a_sweep_goes_on_with_the_points_that_it_had(tmp_path):
    place = tmp_path / "sweep"
    first = place / "points" / "0001" / "summary.json"
    interrupt_when(first.exists)
    with pytest.raises(escapement.Interrupted) as told:
        escapement.sweep(
            {**LONG, "sweep": {"dimension": [50, 10000]}, "dimension": None}, output=place
        )
    assert told.value.directory == place
    kept = first.stat().st_mtime_ns
    grid = escapement.resume(Path(place))
    assert grid.point.tolist() == [1, 2]
    assert first.stat().st_mtime_ns == kept


def test_a_run_that_saves_nothing_says_so(capsys):
    timer = threading.Timer(2.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt, match="nothing is saved") as told:
        escapement.plateau(
            dimension=10000, learning_rate=0.01, replicas=1000, dynamics="chain", progress=True
        )
    assert not isinstance(told.value, escapement.Interrupted)
    # Meanwhile the time it took was shown, where there is tqdm.
    shown = "escapement plateau: 00:0" in capsys.readouterr().err
    assert shown == (importlib.util.find_spec("tqdm") is not None)
