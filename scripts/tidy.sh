#!/usr/bin/env bash
# usage: tidy.sh [--all | --since COMMIT]
# Runs clang-tidy (.clang-tidy) over the sources below sim/ that changed since COMMIT, committed or not. The default is the last
# version tag; without one it says so and checks nothing. A changed header counts through the sources that include it directly.
# --all takes every source: half an hour on two cores. It needs a build/ with every object. A source that has passed is skipped
# until it changes, or a file of the project that it includes does (build/tidy/).
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."

tidy=clang-tidy-14
command -v $tidy > /dev/null || { echo "tidy.sh: needs $tidy (scripts/setup.sh)" >&2; exit 2; }
[[ -f build/compile_commands.json ]] || { echo "tidy.sh: build/ is not configured (scripts/build.sh)" >&2; exit 2; }

case ${1:-} in
    --all) base= ;;
    --since) base=$(git rev-parse --verify "$2^{commit}") ;;
    "")
        if tag=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2> /dev/null); then base=$tag
        else
            echo "tidy.sh: no version tag yet: nothing to compare with (--all checks every source, --since COMMIT some)"
            exit 0
        fi ;;
    *) echo "tidy.sh: unknown option '$1'" >&2; exit 2 ;;
esac

if [[ -z $base ]]; then
    mapfile -t sources < <(git ls-files 'sim/*.cpp')
else
    mapfile -t sources < <(
        git diff --name-only --diff-filter=d -M "$base" -- 'sim/*.cpp' 'sim/*.hpp' | while read -r file; do
            if [[ $file == *.cpp ]]; then echo "$file"
            else git grep -l -F "#include \"${file#sim/}\"" -- 'sim/*.cpp' || true
            fi
        done | sort -u)
fi
echo "clang-tidy over ${#sources[@]} sources"
[[ ${#sources[@]} -gt 0 ]] || exit 0
passed=build/tidy
mkdir -p "$passed"
check() {   # SOURCE: what it has to say goes to stdout; how many warnings of foreign headers it kept to itself, to stderr
    local content
    content=$(scripts/included.py "$1" | xargs sha256sum .clang-tidy "$(command -v $tidy)" | sha256sum | cut -c1-32)
    [[ ! -f $passed/$content ]] || return 0
    $tidy -p build --quiet "$1" 2> /dev/null && touch "$passed/$content"
}
export -f check && export passed tidy
printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'check "$1"' check
