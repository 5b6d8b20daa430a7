#!/bin/sh
# Writes the texts of the compiler's forms in tests/golden/forms and of commands on a terminal in tests/golden/terminal anew.
# The difference to the committed ones is what changed in the compiler, or in what a reader sees: read it.
# Usage: scripts/update_goldens.sh BUILD_DIR
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cmake --build "$1" --target infsim
/usr/bin/python3 "$root/tests/golden/forms_test.py" "$1/infsim" --update
/usr/bin/python3 "$root/tests/golden/terminal_test.py" "$1/infsim" --update
git -C "$root" diff --stat -- tests/golden/forms tests/golden/terminal
