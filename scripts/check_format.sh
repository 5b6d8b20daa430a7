#!/usr/bin/env bash
# usage: check_format.sh [--fix]
# Every C++ source in git is as clang-format 14 writes it with .clang-format; --fix writes them so. Exit status 1 and the
# places otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(--dry-run -Werror)
[[ ${1:-} != --fix ]] || mode=(-i)
format=clang-format-14   # other versions write otherwise
command -v $format > /dev/null || { echo "check_format.sh: needs $format (scripts/setup.sh)" >&2; exit 2; }
git ls-files -z '*.hpp' '*.cpp' | xargs -0 -n 32 -P "$(nproc)" $format "${mode[@]}" || exit 1
