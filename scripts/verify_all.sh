#!/usr/bin/env bash
# usage: verify_all.sh [INFSIM]
# Compiles every network of models/ with every profile of configs/compilers/ at batches 1 and 4. A verifier checks each form after
# the pass that made it, and the program is checked for races. A point that does not fit is not a failure. Prints a line for each
# failure, and their number; exit status 1 if there are any, 2 if nothing could be said.
set -uo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."
infsim=${1:-build/infsim}
[[ -x $infsim ]] || { echo "verify_all.sh: $infsim is not built (scripts/build.sh)" >&2; exit 2; }
complaint=$(mktemp) && trap 'rm -f "$complaint"' EXIT || exit 2

points=0 failures=0
for model in models/*/*.json; do
    for profile in configs/compilers/*.json; do
        for batch in 1 4; do
            points=$((points + 1)) status=0
            "$infsim" compile "$model" --compiler "$profile" --batch $batch --verify --check-races > /dev/null 2> "$complaint" || status=$?
            [[ $status -ne 0 && $status -ne 3 ]] || continue
            failures=$((failures + 1))
            echo "$model, $profile, batch $batch: exit $status: $(head -n 1 "$complaint")"
        done
    done
done
echo "$failures of $points points fail"
[[ $failures -eq 0 ]]
