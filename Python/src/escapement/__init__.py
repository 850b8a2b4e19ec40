"""How long SGD takes to leave a plateau: the command ``escapement`` from Python.

Keys are the command's options with underscores; values are Python's own::

    import escapement

    run = escapement.compare(dimension=1000, learning_rate=0.1, replicas=200)
    run.exit_time.sel(dynamics="chain", threshold=0.5)
    run.verdicts()
    run.plot.survival()
"""

from ._calls import compare, law, plateau, resume, sweep, test, theory, trajectories
from ._command import (
    EscapementError,
    EscapementWarning,
    Interrupted,
    UnknownKeyError,
    command,
    command_version,
)
from ._runs import Comparison, Sweep, Trajectories, open_run, verdicts

__version__ = "0.2.0"

__all__ = [
    "Comparison",
    "EscapementError",
    "EscapementWarning",
    "Interrupted",
    "Sweep",
    "Trajectories",
    "UnknownKeyError",
    "command",
    "command_version",
    "compare",
    "law",
    "open_run",
    "plateau",
    "resume",
    "sweep",
    "test",
    "theory",
    "trajectories",
    "verdicts",
]
