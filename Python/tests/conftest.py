from __future__ import annotations

import os
import warnings
from pathlib import Path

import matplotlib
import pytest

import escapement

matplotlib.use("Agg")

# At p = 1 the Fokker–Planck equation is solved too, which takes longer than all the rest.
EXPERIMENT = {
    "dimension": 100,
    "width": 2,
    "learning_rate": 0.1,
    "replicas": {"default": 60, "ode": 20},
    "horizon": 1.0,
    "seed": 7,
}


def find_command() -> str | None:
    built = Path(__file__).parents[2] / ".build" / "release" / "escapement"
    try:
        return str(escapement.command())
    except escapement.EscapementError:
        return str(built) if built.exists() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if find_command() is None:
        missing = pytest.mark.skip(reason="the command escapement is missing: make build, or PATH")
        for item in items:
            item.add_marker(missing)


@pytest.fixture(scope="session", autouse=True)
def command() -> str | None:
    found = find_command()
    if found is not None:
        os.environ["ESCAPEMENT"] = found
    return found


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / "compared"


@pytest.fixture(scope="session")
def run(directory: Path) -> escapement.Comparison:
    with warnings.catch_warnings():
        # Replicas are censored on purpose.
        warnings.simplefilter("ignore", escapement.EscapementWarning)
        return escapement.compare(EXPERIMENT, output=directory)


@pytest.fixture(scope="session")
def paths() -> escapement.Trajectories:
    return escapement.trajectories(
        dimension=100,
        learning_rate=0.1,
        replicas=12,
        dynamics=["chain", "sde"],
        times=[0.1, 1, 2, 4],
        quantiles=[0.25, 0.5, 0.75],
        paths=5,
    )


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / "swept"


@pytest.fixture(scope="session")
def grid(swept: Path) -> escapement.Sweep:
    return escapement.sweep(
        dimension=[50, 100],
        learning_rate=[0.05, 0.1],
        replicas=20,
        thresholds=0.5,
        dynamics=["chain", "sde"],
        output=swept,
    )
