"""Puts the relocatable command into the wheel, with the platform in the wheel's tag.

The environment variable ``ESCAPEMENT_DIST`` names the tree that ``make dist`` made; without it the
wheel is pure Python and looks for the command on ``PATH``.
"""

import os
import platform
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CarryCommand(BuildHookInterface):
    """Add ``bin``, ``lib`` and the licences of the tree to the package, and a script to ``PATH``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add what the tree holds, if there is one."""
        tree = os.environ.get("ESCAPEMENT_DIST")
        if not tree or version == "editable":
            return
        root = Path(tree)
        places = {
            "bin/escapement": "escapement/bin/escapement",
            "lib/escapement": "escapement/lib/escapement",
            "share/doc/escapement/licenses": "escapement/licenses",
            "share/escapement/experiments": "escapement/experiments",
        }
        for source, place in places.items():
            if not (root / source).exists():
                raise FileNotFoundError(f"{root / source} is missing: run make dist")
            build_data["force_include"][str(root / source)] = place
        build_data["shared_scripts"][str(Path(self.root) / "escapement.py.in")] = "escapement"
        library, major = platform.libc_ver()
        if library != "glibc":
            raise RuntimeError("a wheel with the command is built on Linux with glibc")
        tag = f"manylinux_{major.replace('.', '_')}_{platform.machine()}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag}"
