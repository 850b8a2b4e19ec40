#!/bin/sh
# Installs the peers into a temporary virtual environment, times them and removes it again.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
python3 -m venv "$temporary/environment"
echo '==> installing NumPy, JAX and diffrax into a temporary environment'
"$temporary/environment/bin/pip" install --quiet --disable-pip-version-check \
  --requirement "$folder/requirements.txt"
PYTHONDONTWRITEBYTECODE=1 "$temporary/environment/bin/python" "$folder/compare.py"
