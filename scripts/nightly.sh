#!/usr/bin/env bash
# usage: nightly.sh
# The suites that take too long for every change: clang-tidy over all sources, every network with every profile, thousands of
# random networks, fuzzers, all mutants of the source, and every test under sanitizers. Hours on two cores. A stage that fails does not
# keep the next from running; exit status 1 at the end. (The mutants of compiled programs are all part of the tests.)
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/stages.sh

many() { build/tests/property/property_compiler "[many]" && build/tests/property/property_sizes "[many]"; }

stage setup scripts/setup.sh && stage build scripts/build.sh release || exit 1
stage tests scripts/test.sh
stage "tidy, all" scripts/tidy.sh --all
stage "the long run" /usr/bin/python3 scripts/check_long_run.py --seeds 3
stage "serving times" /usr/bin/python3 scripts/check_serving_times.py --seeds 2 --requests 10000
stage "sensitivity" /usr/bin/python3 scripts/check_sensitivity.py
stage "verify all" scripts/verify_all.sh
stage "random networks" many
stage "fuzz" scripts/fuzz.sh 600
stage "mutants of the source" scripts/mutate.sh
stage "sanitizers, all" scripts/test.sh --sanitize-all
[[ ${#failed_stages[@]} -eq 0 ]]
