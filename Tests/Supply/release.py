#!/usr/bin/env python3
"""Checks that all that names the version names the same one; usage: release.py [--names | --tag]

--names looks at the names alone, as between releases, when the changelog still says that the version is not
released. --tag makes the tag, which is what README's `from:` and Swift's package manager look for.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACES = {
    "Sources/Escapement/Escapement.swift": r'escapementVersion = "([^"]*)"',
    "CITATION.cff": r"^version: (\S+)$",
    "CHANGELOG.md": r"^## (\S+)",
    "README.md": r'from: "([^"]*)"',
}


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def main():
    names = {}
    for place, pattern in PLACES.items():
        found = re.search(pattern, (ROOT / place).read_text(), re.M)
        names[place] = found[1] if found else "nothing"
    if len(set(names.values())) != 1:
        sys.exit("the version is not the same everywhere: "
                 + ", ".join(f"{place} says {name}" for place, name in names.items()))
    version = names["CITATION.cff"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.exit(f"found version {version}, expected three numbers, as tags of Swift packages have")
    if "--names" in sys.argv:
        return print(f"version {version} everywhere")
    faults = []
    heading = re.search(r"^## .*$", (ROOT / "CHANGELOG.md").read_text(), re.M)[0]
    if "released)" in heading:
        faults.append(f"CHANGELOG.md says that {version} is not released, expected its date")
    if git("status", "--porcelain").strip():
        faults.append("there are changes that are not committed")
    if git("tag", "--list", version).strip():
        faults.append(f"the tag {version} is there already: raise the version")
    command = ROOT / ".build/release/escapement"
    if command.exists():
        said = subprocess.run([command, "--version"], stdout=subprocess.PIPE, text=True).stdout.split()
        commit = git("rev-parse", "HEAD").strip()
        if said[:1] != [version] or commit not in " ".join(said):
            faults.append(f"the built command says {' '.join(said)}, expected {version} (commit {commit})")
    if faults:
        sys.exit("\n".join(faults))
    if "--tag" in sys.argv:
        git("tag", "--annotate", version, "--message", f"Escapement {version}")
        print(f"tag {version}; 'git push origin {version}' publishes it")
    else:
        print(f"version {version} can be released")


if __name__ == "__main__":
    main()
