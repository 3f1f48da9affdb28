#!/usr/bin/env bash
# Resident memory of the server per idle connection: Socket.IO connected, one of the documents joined; and what is
# left when all are gone (25 s: they linger, and the heap's free memory is looked at every ten).
#   bench/idle_memory.sh [connections [documents]]
set -euo pipefail
connections=${1:-10000}
documents=${2:-100}
directory=$(mktemp -d)
output=$directory/output
build/release/cloudsync serve --listen 127.0.0.1:0 --data-dir "$directory/data" >"$output" 2>/dev/null &
server=$!
trap 'kill $server; wait $server || true; rm -rf "$directory"' EXIT
until grep -q 'ready at' "$output"; do sleep 0.1; done
url=$(sed -n 's/.*ready at //p' "$output")
resident() { awk '/^VmRSS/ {print $2}' "/proc/$server/status"; }

before=$(resident)
build/release/cloudsync-loadtest --target "$url" --connections "$connections" --documents "$documents" \
  --ops-per-second 0 --duration 20 >/dev/null &
generator=$!
until [ "$(curl -s "$url/metrics" | awk '/^cloudsync_sessions /{print $2}')" = "$connections" ]; do
  kill -0 $generator || { echo "the generator ended before all were connected" >&2; exit 1; }
  sleep 0.5
done
sleep 15
after=$(resident)
wait $generator
sleep 25
echo "$connections connections: $before KiB before, $after KiB with them, $(((after - before) * 1024 / connections)) bytes each," \
  "$(resident) KiB behind them"
