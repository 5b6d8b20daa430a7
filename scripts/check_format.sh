#!/usr/bin/env bash
# usage: check_format.sh [--fix]
# Checks that every C++ source in git is formatted as clang-format 14 does it with .clang-format. --fix formats them instead.
# Prints the places that differ; exit status 1 if there are any.
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."

mode=(--dry-run -Werror)
[[ ${1:-} != --fix ]] || mode=(-i)
format=clang-format-14   # other versions write otherwise
command -v $format > /dev/null || { echo "check_format.sh: needs $format (scripts/setup.sh)" >&2; exit 2; }
git ls-files -z '*.hpp' '*.cpp' | xargs -0 -n 32 -P "$(nproc)" $format "${mode[@]}" || exit 1
