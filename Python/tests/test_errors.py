from __future__ import annotations

import subprocess

import pytest

import escapement


def test_errors_carry_the_line_and_the_status_of_the_command(command):
    options = "--dimension 300 --learning-rate 0.1 --margin 3"
    failed = subprocess.run(
        [command, "compare", *options.split()], capture_output=True, text=True, check=False
    )
    with pytest.raises(escapement.EscapementError) as caught:
        escapement.compare(dimension=300, learning_rate=0.1, margin=3)
    assert "margin" in str(caught.value)
    assert failed.stderr.strip() == f"escapement: {caught.value}"
    assert caught.value.status == failed.returncode == 64


def test_a_wrong_file_says_where(tmp_path):
    file = tmp_path / "experiment.yaml"
    file.write_text("dimension: 100\nlearning-rate: fast\n")
    with pytest.raises(escapement.EscapementError, match=r"line 2.*learning-rate") as caught:
        escapement.compare(file)
    assert caught.value.status == 65


def test_an_output_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("something")
    with pytest.raises(escapement.EscapementError, match="output: cannot create") as caught:
        escapement.compare(dimension=50, learning_rate=0.1, output=tmp_path / "file")
    assert caught.value.status == 73


def test_what_is_no_run_is_said_to_be_none(tmp_path):
    with pytest.raises(escapement.EscapementError, match="is no directory"):
        escapement.open_run(tmp_path / "nowhere")
    with pytest.raises(escapement.EscapementError) as caught:
        escapement.open_run(tmp_path)
    assert caught.value.status is not None
    with pytest.raises(escapement.EscapementError, match="is no directory"):
        escapement.resume(tmp_path / "nowhere")


def test_a_missing_command_is_said_to_be_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("ESCAPEMENT", str(tmp_path / "escapement"))
    with pytest.raises(escapement.EscapementError, match="expected the path of the command"):
        escapement.command()
    monkeypatch.delenv("ESCAPEMENT")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(escapement.EscapementError, match="escapement is missing: put it on PATH"):
        escapement.command()
    (tmp_path / "escapement").write_text("#!/bin/sh\necho 9.9.9\n")
    (tmp_path / "escapement").chmod(0o755)
    assert escapement.command() == tmp_path / "escapement"
    assert escapement.command_version() == "9.9.9"


def test_warnings_of_the_command_are_warnings_to_the_caller():
    with pytest.warns(escapement.EscapementWarning, match="did not exit by the horizon") as caught:
        escapement.compare(
            dimension=50, width=2, learning_rate=0.1, replicas=4, dynamics="chain", horizon=0.01
        )
    assert caught[0].filename == __file__
