#!/bin/sh
# Makes the golden copies anew with a command: Tests/CommandTests/Golden/make.sh .build/release/escapement
# A copy that changes is value-breaking: CHANGELOG.md says so, and why.
set -eu
command=$(realpath "$1")
cd "$(dirname "$0")"
for experiment in */input.yaml; do
  name=$(dirname "$experiment")
  case $name in paths*) job=trajectories ;; sweep*) job=sweep ;; *) job=compare ;; esac
  result=$(mktemp -d)
  "$command" "$job" "$experiment" --output "$result/run" >/dev/null 2>&1
  for file in exit_times.csv summary.json trajectories.csv bands.csv sweep.csv verdicts.csv; do
    [ ! -f "$result/run/$file" ] || grep -v '"commit"\|"seconds"\|"version"' "$result/run/$file" >"$name/$file"
  done
  rm -r "$result"
done
