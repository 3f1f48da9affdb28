#!/usr/bin/env bash
# Compares other servers with ours in one run: installs and builds what is missing, then measures (run.mjs, whose
# options these are). The result goes to bench/results/peers.json, unless --json says otherwise.
#   bench/peers/run.sh [--cells room-1000,room-1000-8] [--servers cloudsync,socket.io] [--rounds 3] [--seconds 2] …
set -euo pipefail
cd "$(dirname "$0")/../.."
tools/npm_ci.sh bench/peers
tools/build.sh release cloudsync cloudsync_loadtest_main example_rooms example_websocket_rooms beast_rooms
node bench/peers/run.mjs --commit "$(git describe --always --dirty 2>/dev/null || true)" \
  --json bench/results/peers.json "$@"
