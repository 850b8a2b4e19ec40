#!/usr/bin/env bash
# usage: starts.sh thread|address
# Ends with 0 when programs built with the sanitizer start on this machine, else says why not.
#
# ThreadSanitizer wants parts of the address space that some kernels give away at random: hence many starts.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
echo 'print("started")' > "$place/program.swift"
if ! "${SWIFT:-swift}c" -sanitize="$1" "$place/program.swift" -o "$place/program" > "$place/log" 2>&1
then
  echo "==> skipped, $1 sanitizer: $(tail -1 "$place/log")"
  exit 1
fi
for _ in {1..20}; do
  if ! "$place/program" > "$place/log" 2>&1; then
    echo "==> skipped, the $1 sanitizer does not start here: $(grep -m1 . "$place/log" || echo 'no reason given')"
    exit 1
  fi
done
