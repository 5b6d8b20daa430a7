#!/usr/bin/env bash
# usage: test.sh [--sanitize]
# Sets up what is missing, builds and runs all tests. With --sanitize, then builds with clang's address and
# undefined-behaviour sanitizers and runs the unit suites, random graphs and the chip tests once more.
set -euo pipefail
cd "$(dirname "$0")/.."

sanitize=false
for option in "$@"; do
    case $option in
        --sanitize) sanitize=true ;;
        *) echo "test.sh: unknown option '$option'; there is only --sanitize" >&2; exit 2 ;;
    esac
done

scripts/setup.sh
scripts/build.sh release
ctest --preset release --parallel "$(nproc)"
if $sanitize; then
    # What touches bytes, threads and files, and the compiler on random graphs; its other suites take much longer to build.
    suites=(unit_base unit_hw unit_program unit_exec unit_cost unit_serving unit_graph unit_flow property_budgets)
    scripts/build.sh asan "${suites[@]}" chip_tests
    ctest --preset asan --parallel "$(nproc)" -R "^($(IFS='|'; echo "${suites[*]}"))\$|^chip\."
fi
