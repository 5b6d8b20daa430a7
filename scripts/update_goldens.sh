#!/usr/bin/env bash
# usage: update_goldens.sh BUILD_FOLDER
# Writes the golden texts anew: the compiler's forms in tests/golden/forms and commands on a terminal in tests/golden/terminal.
# The diff shows what changed in the compiler, or in what a reader sees: read it.
set -euo pipefail
source "$(dirname "$0")/help.sh"
root=$(cd "$(dirname "$0")/.." && pwd)
cmake --build "$1" --target infsim
/usr/bin/python3 "$root/tests/golden/forms_test.py" "$1/infsim" --update
/usr/bin/python3 "$root/tests/golden/terminal_test.py" "$1/infsim" --update
git -C "$root" diff --stat -- tests/golden/forms tests/golden/terminal
