#!/usr/bin/env bash
# usage: nightly.sh [--again]
# Runs the suites that take too long for every change: clang-tidy over all sources, every network with every profile, the long
# run, the search against smaller batches (simulated and estimated), estimates against the simulation, thousands of random
# networks, the README's commands, fuzzers, all mutants of the source, and every test under sanitizers. It takes hours on two
# cores. A stage that fails does not stop the next one; the exit status is 1 at the end. (The mutants of compiled programs are
# all part of the tests.)
# A stage that has passed on these very sources (texts apart) does not run again, so a night that was cut short continues where
# it ended: build/nightly/ remembers it, --again forgets it. Stages of one process run side by side, one per core; their output
# is in build/nightly/ too.
set -uo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."
source scripts/stages.sh

memory=build/nightly
[[ ${1:-} == --again ]] && rm -rf "$memory"
mkdir -p "$memory"
sources=$( (git ls-files -s -- ':!*.md'; git diff HEAD -- ':!*.md') | sha256sum | cut -c1-16)

passed_before() { [[ -f $memory/$sources.$1 ]] && echo "== $1: passed before on these sources, $(cat "$memory/$sources.$1") s" >&2; }
nightly_stage() {   # NAME COMMAND...
    passed_before "$1" && return
    stage "$@" && echo "${stage_seconds[-1]}" > "$memory/$sources.$1"
}

declare -A started=()   # by name: process
in_background() {   # NAME COMMAND...
    local name=$1
    passed_before "$name" && return
    shift
    while [[ $(jobs -rp | wc -l) -ge $(nproc) ]]; do wait -n; done
    echo "== $name, in the background: $memory/$name.log" >&2
    (start=$SECONDS; "$@" > "$memory/$name.log" 2>&1; status=$?; echo $((SECONDS - start)) > "$memory/$name.seconds"; exit $status) &
    started[$name]=$!
}
gather() {   # all that runs in the background, as stages of their own
    local name status
    for name in "${!started[@]}"; do
        status=0
        wait "${started[$name]}" || status=$?
        stage_names+=("$name") stage_seconds+=("$(cat "$memory/$name.seconds")")
        if [[ $status -eq 0 ]]; then cp "$memory/$name.seconds" "$memory/$sources.$name"; else failed_stages+=("$name"); fi
        echo "== $name: status $status, the end of what it said:" >&2
        tail -n 40 "$memory/$name.log" >&2
    done
    started=()
}

many_compiled() { build/tests/property/property_compiler "[many]"; }
searched() {
    build/infsim sweep sweeps/search.json --out build/nightly/search > /dev/null && /usr/bin/python3 scripts/compare_search.py build/nightly/search --cut-tolerance 5
}
many_sizes() { build/tests/property/property_sizes "[many]"; }

stage setup scripts/setup.sh && stage build scripts/build.sh release || exit 1
nightly_stage tests scripts/test.sh
in_background "random sizes" many_sizes
in_background "random networks" many_compiled
in_background "the long run" /usr/bin/python3 scripts/check_long_run.py --seeds 3
in_background "serving times" /usr/bin/python3 scripts/check_serving_times.py --seeds 4 --requests 5000
in_background "sensitivity" /usr/bin/python3 scripts/check_sensitivity.py
in_background "the search" searched
in_background "estimates" /usr/bin/python3 scripts/check_estimates.py
in_background "cuts" /usr/bin/python3 scripts/check_cuts.py
in_background "verify all" scripts/verify_all.sh
in_background "commands" /usr/bin/python3 tests/cli/readme_test.py build/infsim . --run
in_background "fuzz" scripts/fuzz.sh 600
gather
nightly_stage "tidy, all" scripts/tidy.sh --all
nightly_stage "mutants of the source" scripts/mutate.sh
nightly_stage "sanitizers, all" scripts/test.sh --sanitize-all
[[ ${#failed_stages[@]} -eq 0 ]]
