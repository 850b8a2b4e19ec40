#!/usr/bin/env bash
# Runs each case, exports its notebook with the data that it reads, and executes it. Usage:
# build.sh ESCAPEMENT PYTHON [CASE…]
set -euo pipefail
escapement=$(realpath "$1") python=$2
cd "$(dirname "${BASH_SOURCE[0]}")"
shift 2
all="phase-retrieval risk-against-time width-sweep label-noise second-layer staircase own-target"
all+=" repetition batches repeated-staircase decaying-rate negligible-in-batches many-passes"
for case in "${@:-$all}"; do
  for name in $case; do
    echo "==> $name"
    run=$(mktemp -d)
    # A ready experiment needs no case of its own.
    file=$name/case.yaml
    [ -e "$file" ] || file=../data/experiments/$name.yaml
    if grep -q '^sweep:\|^cases:' "$file"; then
      "$escapement" sweep "$file" --output "$run" >/dev/null
    elif grep -q '^times:' "$file"; then
      "$escapement" trajectories "$file" --output "$run" >/dev/null
    else
      "$escapement" compare "$file" --output "$run" >/dev/null
    fi
    # No commit can name the one that will hold these files.
    if [ -e "$run/summary.json" ]; then
      sed -i.bak '/^ *"commit" : /d' "$run/summary.json"
      rm -f "$run/manifest.sha256"
    fi
    "$escapement" export "$run" --to notebook --output "$name" >/dev/null
    "$python" ../Tests/CommandTests/Python/execute_notebook.py --write "$name/notebook.ipynb"
    rm -r "$run"
  done
done
