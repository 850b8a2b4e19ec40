#!/usr/bin/env python3
"""Writes the bill of materials of the built command, SPDX 2.3 in JSON; usage: sbom.py FILE

Ends with an error where a package or library is not as NOTICE lists it. The same commit gives the same bytes.
"""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARIES = ["gsl", "zlib", "netcdf", "libcrypto"]


def output(*words):
    return subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def noted():
    """What NOTICE lists: version, licence and place by name."""
    rows = re.findall(r"^(\S+) +([0-9][0-9.]*) +(\S+) +(https://\S+)$", (ROOT / "NOTICE").read_text(), re.M)
    return {name: (version, licence, place) for name, version, licence, place in rows}


def resolved():
    """The packages that SwiftPM has chosen, and the libraries of this system: version by name."""
    tree = json.loads(output(os.environ.get("SWIFT", "swift"), "package", "show-dependencies", "--format",
                             "json"))
    found, left = {}, list(tree["dependencies"])
    while left:
        package = left.pop()
        found[package["identity"]] = package["version"]
        left += package["dependencies"]
    for name in LIBRARIES:
        if name != "libcrypto" or sys.platform != "darwin":
            found[name] = output("pkg-config", "--modversion", name).strip()
    return found


def main():
    listed, found = noted(), resolved()
    faults = [f"{name} {version} is not in NOTICE" for name, version in found.items() if name not in listed]
    for name, (version, _, _) in listed.items():
        there = found.get(name)
        # Of a system's libraries the first two numbers are what was tested.
        same = there == version if name not in LIBRARIES else (
            there is None or there.split(".")[:2] == version.split(".")[:2])
        if not same:
            faults.append(f"{name} is {there}, NOTICE says {version}")
    if faults and "--any-version" not in sys.argv:
        sys.exit("\n".join(["not the tested set, expected it or --any-version:", *faults]))
    version = re.search(r'escapementVersion = "(.*)"',
                        (ROOT / "Sources/Escapement/Escapement.swift").read_text())[1]
    commit = output("git", "rev-parse", "HEAD").strip()
    made = int(output("git", "log", "-1", "--format=%ct"))
    program = {
        "SPDXID": "SPDXRef-escapement", "name": "escapement", "versionInfo": version,
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "GPL-3.0-or-later",
        "licenseDeclared": "GPL-3.0-or-later", "copyrightText": "The Escapement maintainers",
        "sourceInfo": f"commit {commit}",
    }
    binary = ROOT / ".build/release/escapement"
    if binary.exists():
        program["checksums"] = [{"algorithm": "SHA256",
                                 "checksumValue": hashlib.sha256(binary.read_bytes()).hexdigest()}]
    packages, relations = [program], [{
        "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
        "relatedSpdxElement": "SPDXRef-escapement"}]
    for name, there in sorted(found.items()):
        _, licence, place = listed.get(name, (None, "NOASSERTION", "NOASSERTION"))
        packages.append({
            "SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": there, "downloadLocation": place,
            "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence,
            "copyrightText": "NOASSERTION"})
        builds = name.startswith("swift-docc")
        relations.append({
            "spdxElementId": f"SPDXRef-{name}" if builds else "SPDXRef-escapement",
            "relationshipType": "BUILD_TOOL_OF" if builds else
            "DYNAMIC_LINK" if name in LIBRARIES else "STATIC_LINK",
            "relatedSpdxElement": "SPDXRef-escapement" if builds else f"SPDXRef-{name}"})
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"escapement-{version}", "documentNamespace": f"https://spdx.org/spdxdocs/escapement-{commit}",
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(made)),
                         "creators": ["Tool: Tests/Supply/sbom.py"]},
        "packages": packages, "relationships": relations}
    pathlib.Path(sys.argv[1]).write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
    print(f"{sys.argv[1]}: {len(packages)} packages")


if __name__ == "__main__":
    main()
