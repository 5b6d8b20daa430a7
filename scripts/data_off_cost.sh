#!/usr/bin/env bash
# usage: data_off_cost.sh BASE_COMMIT [MODEL [LIMIT_PERCENT]]
# Compares how many instructions a timing run (without data) executes at a commit and in this working tree: builds both and runs
# each once under callgrind. Exit status 1 if the working tree takes more than LIMIT_PERCENT (2) more. The last commit without
# data mode is the parent of the one that added `run --data`.
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."

[[ $# -ge 1 && $# -le 3 ]] || { usage >&2; exit 2; }
base=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "data_off_cost.sh: '$1' is no commit" >&2; exit 2; }
model=${2:-resnet50} limit=${3:-2}
command -v valgrind > /dev/null || { echo "data_off_cost.sh: needs valgrind (apt-get install valgrind)" >&2; exit 2; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/base"
git archive "$base" | tar -x -C "$scratch/base"
(cd "$scratch/base" && scripts/build.sh release infsim)
scripts/build.sh release infsim

count() {   # SOURCE_FOLDER NAME
    # In its own folder, so that each reads its own chips and models.
    (cd "$1" && valgrind --tool=callgrind --callgrind-out-file="$scratch/$2.out" build/infsim run "$model" --batch 1 --cores 1) \
        > "$scratch/$2.txt" 2> "$scratch/$2.err" || { cat "$scratch/$2.err" >&2; exit 2; }
    callgrind_annotate --threshold=100 --show-percs=no "$scratch/$2.out" > "$scratch/$2.functions"
}
count "$scratch/base" base
count . now
/usr/bin/python3 - "$scratch" "$limit" <<'PY'
import collections, pathlib, re, sys
def parts(name):
    counts = collections.Counter()
    for line in pathlib.Path(sys.argv[1], name + ".functions").read_text().splitlines():
        if (match := re.match(r"\s*([\d,]+)\s+(\S.*)", line)) and "PROGRAM TOTALS" not in line:
            module = re.search(r"infsim::(\w+)::", match[2])
            part = module[1] if module else "SystemC" if "sc_core" in match[2] else "libraries and start"
            counts[part] += int(match[1].replace(",", ""))
    return counts
base, now = parts("base"), parts("now")
print(f"{'instructions of':22}{'base':>15}{'now':>15}  change")
for part in sorted(base | now, key=lambda p: -now[p]):
    if max(base[part], now[part]) * 1000 >= base.total():
        print(f"{part:22}{base[part]:15,}{now[part]:15,}  {100 * (now[part] / base[part] - 1) if base[part] else 100:+.2f} %")
change = 100 * (now.total() / base.total() - 1)
print(f"{'all':22}{base.total():15,}{now.total():15,}  {change:+.2f} % (limit {float(sys.argv[2]):+.2f} %)")
sys.exit(change > float(sys.argv[2]))
PY
