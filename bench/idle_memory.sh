#!/usr/bin/env bash
# Resident memory of the server per idle connection: Socket.IO connected, one of 100 documents joined.
#   bench/idle_memory.sh [connections]
set -euo pipefail
connections=${1:-10000}
directory=$(mktemp -d)
output=$directory/output
build/release/cloudsync serve --listen 127.0.0.1:0 --data-dir "$directory/data" >"$output" 2>/dev/null &
server=$!
trap 'kill $server; wait $server || true; rm -rf "$directory"' EXIT
until grep -q 'ready at' "$output"; do sleep 0.1; done
url=$(sed -n 's/.*ready at //p' "$output")
resident() { awk '/^VmRSS/ {print $2}' "/proc/$server/status"; }

before=$(resident)
build/release/cloudsync-loadtest --target "$url" --connections "$connections" --documents 100 \
  --ops-per-second 1 --duration 20 >/dev/null &
generator=$!
until [ "$(curl -s "$url/metrics" | awk '/^cloudsync_sessions /{print $2}')" = "$connections" ]; do sleep 0.5; done
sleep 5
after=$(resident)
wait $generator
echo "$connections connections: $before KiB before, $after KiB with them, $(((after - before) * 1024 / connections)) bytes each"
