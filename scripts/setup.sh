#!/usr/bin/env bash
# usage: setup.sh
# Installs the missing Debian packages for building, testing and plotting, as root or through sudo. If nothing is missing it does
# nothing at all: it fetches no package list.
set -euo pipefail
source "$(dirname "$0")/help.sh"

packages=(
    # build
    build-essential cmake ninja-build pkg-config ccache
    # libraries
    libsystemc-dev nlohmann-json3-dev libboost-dev libboost-program-options-dev libonnx-dev libprotobuf-dev protobuf-compiler
    libfmt-dev libxxhash-dev libeigen3-dev libzip-dev libsqlite3-dev
    # tests
    catch2 librapidcheck-dev libbenchmark-dev libonnx-testdata python3-jsonschema clang libclang-rt-14-dev valgrind
    clang-format-14 clang-tidy-14
    # package
    help2man lintian bash-completion
    # the page of infsim report in a browser
    chromium
    # plots
    python3 python3-matplotlib python3-pandas python3-numpy
)

# node and npm may be there without being Debian's: then Debian's stay away from them.
command -v node > /dev/null && command -v npm > /dev/null || packages+=(nodejs npm)

if ! command -v dpkg-query > /dev/null; then
    echo "setup.sh installs Debian packages and finds no dpkg here; infsim needs: ${packages[*]}" >&2
    exit 2
fi

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2> /dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo > /dev/null; then
        echo "setup.sh must be root or have sudo to install: ${missing[*]}" >&2
        exit 2
    fi
    as_root=(sudo)
fi
echo "installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
