#!/usr/bin/env bash
# usage: build.sh [PRESET [TARGET...]]
# Builds the targets, or everything, with a preset of CMakePresets.json: release (the default, into build/) or asan (into
# build-asan/). Configures first where that is due.
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."

preset=${1:-release}
case $preset in
    release) folder=build ;;
    asan) folder=build-asan ;;
    *) echo "build.sh: preset '$preset' is neither release nor asan" >&2; exit 2 ;;
esac
# Ninja reruns CMake for changes in CMake's own files; it does not know the presets.
if [[ ! -f $folder/build.ninja || CMakePresets.json -nt $folder/build.ninja ]]; then
    cmake --preset "$preset" >&2
fi
cmake --build "$folder" ${2:+--target "${@:2}"} >&2
