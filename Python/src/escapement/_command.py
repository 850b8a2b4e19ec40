"""The command: where it is, how it is run, what its errors become."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Callable, Optional

PREFIX = "escapement: "
#: The command's exit status when it was stopped and what is finished is saved.
INTERRUPTED = 75


class EscapementError(RuntimeError):
    """Carries the one line with which the command ended.

    Attributes
    ----------
    status : int or None
        The command's exit status: 64 wrong key or value, 65 bad file, 73 and 74 output that cannot
        be made, 69 a program is missing; None when the command was not run.
    """

    def __init__(self, line: str, status: int | None = None) -> None:
        super().__init__(line)
        self.status = status


class UnknownKeyError(EscapementError, TypeError):
    """Names a key that the command does not have, and the nearest that it has."""


class EscapementWarning(UserWarning):
    """Passes on a warning of the command."""


class Interrupted(KeyboardInterrupt):
    """Says that a run was stopped, by Ctrl-C as a rule, and that what was finished is saved.

    It is a KeyboardInterrupt, so that loops over runs stop as well.

    Attributes
    ----------
    directory : Path
        The run directory, for `escapement.resume`. It is kept, even one that is not the caller's.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(
            f"what is finished is saved in '{directory}': "
            f"escapement.resume({str(directory)!r}) goes on"
        )
        self.directory = directory


def command() -> Path:
    """Find the command.

    The environment variable ``ESCAPEMENT`` comes first, then the command that the package carries,
    then ``PATH``.

    Raises
    ------
    EscapementError
        Where there is none.
    """
    named = os.environ.get("ESCAPEMENT")
    if named:
        found = shutil.which(named)
        if not found:
            raise EscapementError(
                f"ESCAPEMENT is '{named}', expected the path of the command escapement"
            )
        return Path(found)
    carried = Path(__file__).parent / "bin" / "escapement"
    if os.access(carried, os.X_OK):
        return carried
    found = shutil.which("escapement")
    if not found:
        raise EscapementError(
            "the command escapement is missing: put it on PATH, or its path into the environment "
            "variable ESCAPEMENT"
        )
    return Path(found)


def command_version() -> str:
    """Ask the command for its version."""
    return execute(["--version"], progress=False).split()[0]


def execute(
    arguments: Sequence[str],
    *,
    directory: Path | None = None,
    progress: bool | None = None,
    finished: Callable[[], int] | None = None,
) -> str:
    """Run the command to its end and return its standard output.

    Parameters
    ----------
    arguments : sequence of str
        The subcommand and what it is given.
    directory : Path, optional
        The run directory that the command fills.
    progress : bool, optional
        Whether to show elapsed time (default: in a notebook or on a terminal).
    finished : callable, optional
        Counts what is finished, for the progress.

    Raises
    ------
    EscapementError
        With the command's line and its status, where it fails.
    Interrupted
        After Ctrl-C, where the command has saved what it had.
    """
    # The terminal sends Ctrl-C to the command too, a notebook's server to either. It shall come
    # once: the command ignores it, and is told by SIGTERM, which it treats alike.
    wrapped = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", str(command()), *arguments]
    process = subprocess.Popen(
        wrapped, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    stopped = False
    try:
        output, lines = _Reader(process.stdout), _Reader(process.stderr)
        with _elapsed(arguments[0], progress) as show:
            shown = 0
            while process.poll() is None:
                notes = lines.complete()[shown:]
                shown += len(notes)
                show(finished() if finished else None, notes)
                try:
                    process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
    except KeyboardInterrupt:
        stopped = True
        _stop(process)
    text, said = output.text(), lines.text().splitlines()
    status = process.returncode
    if status == INTERRUPTED and directory is not None:
        raise Interrupted(directory)
    if stopped and status != 0:
        raise KeyboardInterrupt(f"escapement {arguments[0]} was stopped, and nothing is saved")
    if status != 0:
        raise EscapementError(_last(said, status), status)
    for line in said:
        if line.startswith(PREFIX + "warning: "):
            warnings.warn(
                line[len(PREFIX + "warning: ") :], EscapementWarning, stacklevel=_callers_level()
            )
    return text


def _callers_level() -> int:
    """How many frames up the caller of the package is, to whom warnings are told."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame, level = frame.f_back, level + 1
    return level


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let the command save what it has; a second Ctrl-C ends it."""
    try:
        process.send_signal(signal.SIGTERM)
        process.wait()
    except KeyboardInterrupt:
        process.kill()
        process.wait()


def _last(lines: Sequence[str], status: int) -> str:
    """The line that says why the command ended."""
    said = [line for line in lines if line.strip()]
    if not said:
        return f"the command ended with status {status} and said nothing"
    return said[-1][len(PREFIX) :] if said[-1].startswith(PREFIX) else said[-1]


class _Reader:
    """Reads a stream to its end in a thread of its own, so that no pipe is ever full."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        assert stream is not None
        self._stream = stream
        self._lines: list[bytes] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            for line in self._stream:
                self._lines.append(line)

    def complete(self) -> list[str]:
        """The lines so far."""
        return [line.decode("utf-8", "replace") for line in list(self._lines)]

    def text(self) -> str:
        """All there was."""
        self._thread.join()
        return "".join(self.complete())


Show = Callable[[Optional[int], Sequence[str]], None]


@contextmanager
def _elapsed(name: str, progress: bool | None) -> Iterator[Show]:
    """Show the time that the command has taken, where tqdm is there and anybody looks."""
    bar = _bar(name) if (_is_watched() if progress is None else progress) else None
    # What is quick needs no bar; then it shows seconds, and a notebook keeps all that is drawn.
    due = time.monotonic() + 0.5

    def show(finished: int | None, notes: Sequence[str]) -> None:
        for note in notes:
            # What a run will cost is said before it starts; warnings come again, as warnings.
            if bar is not None and note.startswith(PREFIX) and "warning: " not in note:
                bar.write(note.rstrip(), file=sys.stderr)
        nonlocal due
        if bar is not None and time.monotonic() >= due:
            due += 1
            if finished is not None:
                bar.set_postfix_str(f"{finished} points finished", refresh=False)
            bar.refresh()

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()


def _bar(name: str) -> Any:
    try:
        with warnings.catch_warnings():
            # A notebook without widgets gets the bar of a terminal.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm  # noqa: PLC0415 - tqdm is optional.
    except ImportError:
        return None
    return tqdm(
        desc=f"escapement {name}", bar_format="{desc}: {elapsed}{postfix}", leave=False, delay=1e-9
    )


def _is_watched() -> bool:
    """Whether this is a notebook, or standard error a terminal."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell" or sys.stderr.isatty()
