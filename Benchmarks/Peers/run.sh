#!/bin/sh
# Installs peers into a temporary virtual environment, times them and removes it again.
# Usage: run.sh [REQUIREMENTS SCRIPT]
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
requirements=${1:-requirements.txt}
script=${2:-compare.py}
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
python3 -m venv "$temporary/environment"
echo "==> installing what $requirements lists into a temporary environment"
"$temporary/environment/bin/pip" install --quiet --disable-pip-version-check \
  --requirement "$folder/$requirements"
PYTHONDONTWRITEBYTECODE=1 "$temporary/environment/bin/python" "$folder/$script"
