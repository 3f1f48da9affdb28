#!/usr/bin/env bash
# Configures and builds one preset: tools/build.sh dev|release|asan [target…]
set -euo pipefail
preset=$1
shift
echo "==> C++ ($preset): configuring"
cmake --preset "$preset" >"build-$preset.log" 2>&1 || { cat "build-$preset.log"; rm "build-$preset.log"; exit 1; }
rm "build-$preset.log"
echo "==> C++ ($preset): building"
cmake --build "build/$preset" -j "$(nproc)" ${*:+--target "$@"}
