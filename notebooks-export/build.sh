#!/usr/bin/env bash
# Runs each case, exports its notebook with the data that it reads, and executes it. Usage:
# build.sh ESCAPEMENT PYTHON [CASE…]
set -euo pipefail
escapement=$(realpath "$1") python=$2
cd "$(dirname "${BASH_SOURCE[0]}")"
shift 2
for case in "${@:-phase-retrieval risk-against-time width-sweep label-noise second-layer staircase own-target}"; do
  for name in $case; do
    echo "==> $name"
    run=$(mktemp -d)
    if grep -q '^sweep:' "$name/case.yaml"; then
      "$escapement" sweep "$name/case.yaml" --output "$run" >/dev/null
    elif grep -q '^times:' "$name/case.yaml"; then
      "$escapement" trajectories "$name/case.yaml" --output "$run" >/dev/null
    else
      "$escapement" compare "$name/case.yaml" --output "$run" >/dev/null
    fi
    # No commit can name the one that will hold these files.
    [ ! -e "$run/summary.json" ] || sed -i.bak '/^ *"commit" : /d' "$run/summary.json"
    "$escapement" export "$run" --to notebook --output "$name" >/dev/null
    "$python" ../Tests/CommandTests/Python/execute_notebook.py --write "$name/notebook.ipynb"
    rm -r "$run"
  done
done
