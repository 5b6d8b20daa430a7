#!/usr/bin/env bash
# usage: mutate.sh [--check]
# Checks that the tests notice damage: puts one mutant at a time into a copy of this working tree (build-mutate/, kept so that the
# next run builds little) and expects a test to fail. For a mutant of the compiler these are the tests of compiled programs, for
# any other the unit tests of its folder. Each mutant takes a build and up to three suites, so this is not one of the tests.
# --check only checks that the text of every mutant is still there. Exit status 1 if a mutant survives, 2 if nothing could be said.
set -euo pipefail
source "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."

copy=build-mutate/source build=build-mutate/build log=build-mutate/log
suites=(property_compiler unit_compiler onnx_node)   # of the compiler, the likeliest first: the others are built for what it misses

# file | text | replacement: the first occurrence is replaced, and must exist.
mutants=(
    "sim/compiler/emit/conv.cpp|program::Matmul{moving.ap, dst.ap, !overwrite_}|program::Matmul{moving.ap, dst.ap, overwrite_}"
    "sim/compiler/schedule/hazards.cpp|if (!place.write \|\| t.queue != place.who.queue) wait_for(t);|if (!place.write) wait_for(t);"
    "sim/compiler/memory/assign_addresses.cpp|index_.overlapping_of(begun_[i], lives_[i].first, |index_.overlapping_of(begun_[i], lives_[i].first + 1, "
    "sim/compiler/memory/return_cost.cpp|in_dram ? 1 : kSavedOnceMore|in_dram ? 1 : 1"
    "sim/compiler/emit/replicate.cpp|const int shift = r * op.dilation - op.pad;|const int shift = r * op.dilation - op.pad + 1;"
    "sim/compiler/ir/views.cpp|out.axes[i] = view.axes.at(static_cast<std::size_t>(perm[i]));|out.axes[static_cast<std::size_t>(perm[i])] = view.axes.at(i);"
    "sim/cost/cost.cpp|(op.a.space == Space::psum) != (op.b.space == Space::psum)|(op.a.space == Space::psum) \|\| (op.b.space == Space::psum)"
    "sim/cost/cost.cpp|std::gcd(contiguous(chip_side, 1), |std::min(contiguous(chip_side, 1), "
    "sim/analysis/batch.cpp|*r.throughput_avg / *record::typical_latency_ms(r);|*r.throughput_avg / *r.latency_ms_p50 / *r.latency_ms_p50;"
)

# The suites that must catch it.
suites_of() {   # MUTANT
    local folder=${1#sim/}
    folder=${folder%%/*}
    if [[ $folder == compiler ]]; then echo "${suites[@]}"; else echo "unit_$folder"; fi
}

if [[ ${1:-} == --check ]]; then
    missing=0
    for mutant in "${mutants[@]}"; do
        /usr/bin/python3 - "$mutant" <<'PY' || missing=1
import pathlib, re, sys
name, text, _ = (part.replace(r"\|", "|") for part in re.split(r"(?<!\\)\|", sys.argv[1]))
path = pathlib.Path(name)
if not path.is_file() or text not in path.read_text(encoding="utf-8"):
    sys.exit(f"mutate.sh: {name} has no '{text}' any more: give the mutant its new text")
PY
    done
    exit $missing
fi

# The copy becomes the tree's files, but for one text. Only what differs is written, so only that is built.
make_copy() {   # [MUTANT]
    /usr/bin/python3 - "$copy" "${1:-}" <<'PY'
import pathlib, re, subprocess, sys
copy = pathlib.Path(sys.argv[1])
tracked = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout.split("\0")
contents = {name: pathlib.Path(name).read_bytes() for name in tracked if name and pathlib.Path(name).is_file()}
if sys.argv[2]:
    name, text, replacement = (part.replace(r"\|", "|") for part in re.split(r"(?<!\\)\|", sys.argv[2]))
    if text.encode() not in contents.get(name, b""):
        sys.exit(f"mutate.sh: {name} has no '{text}' any more: give the mutant its new text")
    contents[name] = contents[name].replace(text.encode(), replacement.encode(), 1)
for old in copy.rglob("*"):
    if old.is_file() and str(old.relative_to(copy)) not in contents:
        old.unlink()
for name, content in contents.items():
    path = copy / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
PY
}

# Status 0 when the suite passes, 1 when it fails.
passes() {   # SUITE
    cmake --build "$build" --target "$1" > "$log" 2>&1 || { cat "$log"; echo "mutate.sh: $1 does not build" >&2; exit 2; }
    ctest --test-dir "$build" -R "^$1\$" --no-tests=error > "$log" 2>&1
}

make_copy || exit 2
cmake -S "$copy" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release > "$log" || { cat "$log"; exit 2; }
for suite in $(for mutant in "${mutants[@]}"; do suites_of "$mutant"; done | tr ' ' '\n' | awk '!seen[$0]++'); do
    passes "$suite" || { cat "$log"; echo "mutate.sh: $suite fails without a mutant" >&2; exit 2; }
done
survivors=0
for mutant in "${mutants[@]}"; do
    make_copy "$mutant" || exit 2
    verdict="SURVIVED"
    for suite in $(suites_of "$mutant"); do
        if ! passes "$suite"; then verdict="caught by $suite"; break; fi
    done
    echo "$verdict: ${mutant//\\|/|}"
    [[ $verdict != SURVIVED ]] || survivors=$((survivors + 1))
done
make_copy
echo "$((${#mutants[@]} - survivors)) of ${#mutants[@]} mutants caught"
[[ $survivors -eq 0 ]]
