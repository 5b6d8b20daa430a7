#!/usr/bin/env bash
# usage: test.sh [--sanitize]
# Sets up what is missing, builds and runs all tests. With --sanitize, then builds with clang's address and
# undefined-behaviour sanitizers and runs the unit suites and the chip tests once more.
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
    scripts/build.sh asan
    ctest --preset asan --parallel "$(nproc)"
fi
