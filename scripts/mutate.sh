#!/usr/bin/env bash
# usage: mutate.sh
# Damages the compiler's source in five ways, one at a time in a scratch copy, and expects the property tests to fail
# each time. Takes a build per mutant, so it is not part of the tests. Exit status 1 when a mutant survives.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git archive HEAD | tar -x -C "$scratch"
cmake -S "$scratch" -B "$scratch/build" -G Ninja -DCMAKE_BUILD_TYPE=Release > /dev/null

# file | text | replacement: the first occurrence is replaced, and must exist.
mutants=(
    "sim/compiler/emit/conv.cpp|program::Matmul{moving.ap, dst.ap, !first}|program::Matmul{moving.ap, dst.ap, first}"
    "sim/compiler/passes/hazards.cpp|if (!write \|\| t.queue != who.queue) wait_for(t);|if (!write) wait_for(t);"
    "sim/compiler/passes/place.cpp|if (l.first > life.last \|\| life.first > l.last) continue;|if (l.first >= life.last \|\| life.first >= l.last) continue;"
    "sim/compiler/emit/stem.cpp|const int shift = r * op.dilation - op.pad;|const int shift = r * op.dilation - op.pad + 1;"
    "sim/compiler/views.cpp|out.axes[i] = view.axes.at(static_cast<std::size_t>(perm[i]));|out.axes[static_cast<std::size_t>(perm[i])] = view.axes.at(i);"
)
survivors=0
for mutant in "${mutants[@]}"; do
    /usr/bin/python3 - "$scratch" "$mutant" <<'PY'
import pathlib, re, sys
file, text, replacement = (part.replace(r"\|", "|") for part in re.split(r"(?<!\\)\|", sys.argv[2]))
path = pathlib.Path(sys.argv[1], file)
source = path.read_text()
if text not in source:
    sys.exit(f"mutate.sh: {file} has no '{text}' any more: give the mutant its new text")
path.with_suffix(".saved").write_text(source)
path.write_text(source.replace(text, replacement, 1))
PY
    file=${mutant%%|*}
    cmake --build "$scratch/build" --target property_compiler unit_compiler onnx_node > "$scratch/log" 2>&1 || { cat "$scratch/log"; exit 2; }
    if ctest --test-dir "$scratch/build" -R '^(property_compiler|unit_compiler|onnx_node)$' > "$scratch/log" 2>&1; then
        echo "SURVIVED  $mutant"
        survivors=$((survivors + 1))
    else
        echo "caught    $mutant"
    fi
    mv "$scratch/${file%.cpp}.saved" "$scratch/$file"
    touch "$scratch/$file"
done
[[ $survivors -eq 0 ]]
