#!/usr/bin/env bash
# Configures and builds one preset: tools/build.sh dev|release|asan|tsan|fuzz [target…]
set -euo pipefail
preset=$1
shift
echo "==> C++ ($preset): configuring"
mkdir -p "build/$preset"
log=build/$preset/configure.log
cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
# The binary looks for the web app in the folder `web` beside itself.
ln -sfn ../../web/dist "build/$preset/web"
# And the client library that it serves in the installed package.
ln -sfn ../../clients/typescript/node_modules/socket.io-client "build/$preset/socket.io-client"
echo "==> C++ ($preset): building"
cmake --build "build/$preset" -j "$(nproc)" ${*:+--target "$@"}
