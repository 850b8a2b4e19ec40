"""The wheel of `make wheel`, alone in a new virtual environment."""

import os
import re
import subprocess
import venv
from pathlib import Path

import pytest

WHEEL = os.environ.get("ESCAPEMENT_WHEEL")
README = Path(__file__).parents[1] / "README.md"


@pytest.mark.skipif(not WHEEL, reason="ESCAPEMENT_WHEEL names no wheel: make dist-test")
def test_wheel_gives_module_and_command(tmp_path):
    place = tmp_path / "a place"
    # xarray and the like are those of this Python; the command must be the wheel's own.
    venv.create(place, system_site_packages=True, with_pip=True)
    python = place / "bin" / "python"
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "MPLBACKEND": "agg"}
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", WHEEL], check=True
    )
    version = subprocess.run(
        [place / "bin" / "escapement", "--version"],
        env=bare,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert re.match(r"\d+\.\d+\.\d+", version)
    where = "import escapement._command as c; print(c.command())"
    found = subprocess.run(
        [python, "-c", where], env=bare, check=True, capture_output=True, text=True
    ).stdout
    assert found.startswith(str(place))
    example = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    shown = subprocess.run(
        [python, "-c", example.group(1)], env=bare, check=True, capture_output=True, text=True
    ).stdout
    expected = re.search(r"```text\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert shown.split() == expected.group(1).split()
