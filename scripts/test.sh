#!/usr/bin/env bash
# usage: test.sh [--sanitize | --only-sanitize | --sanitize-all]
# Sets up what is missing, builds, runs all tests, and lists which were skipped and why. --sanitize then also builds with clang's
# address and undefined-behaviour sanitizers and runs the unit suites, random graphs and the chip tests again; --only-sanitize
# runs only these. --sanitize-all runs only the sanitized build, but every test of it, which takes hours.
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."

plain=true sanitized=none
for option in "$@"; do
    case $option in
        --sanitize) sanitized=some ;;
        --only-sanitize) plain=false sanitized=some ;;
        --sanitize-all) plain=false sanitized=all ;;
        *) echo "test.sh: unknown option '$option'; there are --sanitize, --only-sanitize and --sanitize-all" >&2; exit 2 ;;
    esac
done

# Runs CTest with these arguments and lists what was skipped, also where tests failed.
run_tests() {
    local results=$PWD/build/Testing/junit.xml status=0
    mkdir -p build/Testing
    rm -f "$results"
    ctest "$@" --parallel "$(nproc)" --output-junit "$results" || status=$?
    [[ ! -f $results ]] || /usr/bin/python3 scripts/list_skipped.py "$results"
    return $status
}

scripts/setup.sh
if $plain; then
    scripts/build.sh release
    run_tests --preset release
fi
case $sanitized in
    some)
        # What touches bytes, threads and files, and the compiler on random graphs; its other suites take much longer to build.
        suites=(unit_base unit_hw unit_program unit_exec unit_cost unit_serving unit_graph unit_flow property_budgets fuzz_onnx fuzz_json)
        scripts/build.sh asan "${suites[@]}" chip_tests
        run_tests --preset asan -R "^($(IFS='|'; echo "${suites[*]}"))\$|^chip\." ;;
    all)
        scripts/build.sh asan
        run_tests --preset asan ;;
esac
