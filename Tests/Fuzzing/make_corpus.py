#!/usr/bin/env python3
"""Makes the corpus of the fuzzer: small valid files, each with the letter of its reader in front."""
import json
import pathlib
import struct
import zlib

PLACE = pathlib.Path(__file__).resolve().parent / "Corpus"


def block(tag, content):
    head = tag + struct.pack("<I", len(content))
    return head + struct.pack("<I", zlib.crc32(head + content)) + content


def records():
    header = {"experiment": "dimension: 5\n", "format": 1, "share": {"count": 3, "index": 1},
              "version": "0.1.0"}
    content = struct.pack("<B3sIqd", 2, (2).to_bytes(3, "little"), 2, 70, 0.5)
    for replica in [4, 5]:
        content += struct.pack("<I", replica)
        content += struct.pack("<dqB", 0.25, 50, 0) + struct.pack("<dqB", 3.0, 600, 1)
    return (b"\x89ESCR\r\n\x1a" + block(b"HEAD", json.dumps(header).encode())
            + block(b"RECS", content) + block(b"END ", b""))


def main():
    root = PLACE.parents[2]
    PLACE.mkdir(exist_ok=True)
    for path in sorted((root / "data/experiments").glob("*.yaml")):
        (PLACE / path.stem).write_bytes(b"y" + path.read_bytes())
    (PLACE / "gram").write_bytes(
        b"ydimension: 9\nlearning-rate: 1e-1\nstart: {gram: [[1, 0.1], [0.1, 1]]}\n"
        b"replicas: {default: 3, sgd: 1}\nseed: 18446744073709551615\nthresholds: [0.5]\n")
    (PLACE / "times").write_bytes(
        b"cdynamics,threshold,replica,outcome,exit_time,exit_step\n"
        b"ode,0.5,0,exited,1.5,\nsgd,0.5,0,censored,,7\nsgd,0.5,1,diverged,1e-3,7\n")
    (PLACE / "column").write_bytes(b"ctime\r\n1\r\n\"2\"\r\n\r\n3.5e2\r\n")
    (PLACE / "records").write_bytes(b"r" + records())
    (PLACE / "records-with-checksums").write_bytes(b"s" + records())


main()
