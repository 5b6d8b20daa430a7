#!/usr/bin/env bash
# usage: run.sh [options of `infsim sweep`]
# Answers the project's main question: sets up what is missing, builds, sweeps ResNet-50 over batch sizes and draws the result.
# Points in results/ that were simulated before are kept.
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."
results=results/resnet50_batch

scripts/setup.sh
scripts/build.sh release infsim
build/infsim sweep sweeps/resnet50_batch.json --out "$results" "$@"
# The system's Python, because that is where Debian's matplotlib is, whatever comes first in PATH.
/usr/bin/python3 scripts/plot_sweep.py "$results"

echo
echo "table     $results/table.csv"
for picture in "$results"/*.png "$results"/*.svg; do
    [[ ! -f $picture ]] || echo "picture   $picture"
done
