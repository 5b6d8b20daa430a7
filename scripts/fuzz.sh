#!/usr/bin/env bash
# usage: fuzz.sh [SECONDS [--merge]]
# Runs libFuzzer (clang, address and undefined-behaviour sanitizers) on the importers of ONNX and of JSON, SECONDS each (600 by
# default). It starts from the corpus of tests/fuzz and from what earlier runs found. A crash, a hang of 60 s or more than 2 GB
# ends it and leaves the input in build-asan/fuzz/. --merge then adds the inputs that reach new code to the corpus.
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."
seconds=${1:-600} merge=${2:-}
[[ $seconds =~ ^[0-9]+$ && ( -z $merge || $merge == --merge ) ]] || { usage >&2; exit 2; }

scripts/build.sh asan fuzz_onnx fuzz_json
for form in onnx json; do
    found=build-asan/fuzz/$form corpus=tests/fuzz/corpus/$form
    mkdir -p "$found"
    build-asan/tests/fuzz/fuzz_$form -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix=build-asan/fuzz/ "$found" "$corpus"
    [[ -z $merge ]] || build-asan/tests/fuzz/fuzz_$form -merge=1 "$corpus" "$found"
done
