#!/bin/sh
# Writes the lists of passed and skipped node tests and the counts of tests/README.md anew.
# Usage: tests/onnx_node/update.sh BUILD_DIR
set -eu
cmake --build "$1" --target onnx_node
exec "$1/tests/onnx_node/onnx_node" --update
