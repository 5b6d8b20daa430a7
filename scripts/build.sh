#!/usr/bin/env bash
# usage: build.sh [PRESET [TARGET...]]
# Configures the preset of CMakePresets.json (release by default) where that is due, then builds the targets or all.
set -euo pipefail
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
