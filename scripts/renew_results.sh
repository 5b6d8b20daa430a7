#!/usr/bin/env bash
# usage: renew_results.sh [options of `infsim sweep`]
# Renews everything in results/ and the tables that are made from it: every sweep and its picture, the tables of README.md,
# results/README.md and sim/chip/README.md, and in tests/README.md the efficiencies and the comparison with smaller batches.
# Points that are there already are kept.
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."

scripts/setup.sh
scripts/build.sh release infsim
for file in sweeps/*.json; do
    name=$(basename "$file" .json)
    echo "== $name"
    build/infsim sweep "$file" --out "results/$name" "$@" > /dev/null
done
mkdir -p results/timeline results/uncertainty results/sensitivity
python=/usr/bin/python3   # where Debian's matplotlib is
$python scripts/plot_sweep.py results/resnet50_batch
$python scripts/plot_map.py results/batch_sb_dram
$python scripts/plot_sb_size_rule.py results/sb_size_rule
$python scripts/plot_next_chip.py results/next_chip
$python scripts/plot_sweep.py results/static_weights --x batch --colour chip.state_buffer.bytes
$python scripts/plot_bytes.py results/flag_spill
$python scripts/plot_pareto.py results/search
$python scripts/plot_limits.py results/limits
$python scripts/plot_pareto.py results/front
$python scripts/plot_sweep.py results/to_limit
$python scripts/plot_sweep.py results/within_latency
$python scripts/plot_serving.py results/serving_load
$python scripts/plot_batching.py
$python scripts/compare_search.py results/search --cut-tolerance 5 --write
for batch in 1 5; do build/infsim run resnet50-v1 --batch $batch --trace results/timeline/b$batch.pftrace > /dev/null; done
$python scripts/plot_timeline.py results/timeline/b1.pftrace results/timeline/b5.pftrace \
    --title "ResNet-50 at B=1" "ResNet-50 at B=5" --out results/timeline/timeline
$python scripts/serving_tables.py
build/infsim validate --csv > results/validation/validation.csv
$python scripts/plot_validation.py
build/infsim uncertainty resnet50-v1 --jobs 2 --json > results/uncertainty/resnet50-v1.json
build/infsim sensitivity resnet50-v1 --batch 4 --limits --csv > results/sensitivity/resnet50-v1_b4.csv
$python scripts/plot_tornado.py results/sensitivity/resnet50-v1_b4.csv
if build/infsim report results/resnet50_batch -o build/report.html > /dev/null; then   # not where it was built without npm
    $python scripts/picture_page.py build/report.html --out results/report/report.png
fi
$python scripts/readme_tables.py
$python scripts/efficiency_table.py --write
$python scripts/check_cuts.py --write > /dev/null
