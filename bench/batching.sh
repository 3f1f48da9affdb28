#!/usr/bin/env bash
# What batching saves on the wire: the scenario busy-document with each of its means alone, and all together.
#   bench/batching.sh [SECONDS]
# In a network namespace of its own (as root), so that nothing else is counted, with Ethernet's MTU instead of
# the loopback's 64 KiB. Prints a row of a Markdown table for each; segments are TCP's in both directions, bytes
# are IP's, with headers.
set -euo pipefail
seconds=${1:-20}
if [ "${BATCHING_NAMESPACE:-}" = "" ]; then
  exec env BATCHING_NAMESPACE=1 unshare -n "$0" "$seconds"
fi
ip link set lo mtu 1500 up
directory=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null || true; wait; rm -rf "$directory"' EXIT

# row NAME "SERVER OPTIONS" "GENERATOR OPTIONS"
row() {
  local name=$1 url
  # shellcheck disable=SC2086 # options are words
  build/release/cloudsync serve --listen 127.0.0.1:0 --data-dir "$directory/data" $2 \
    >"$directory/out" 2>"$directory/log" &
  server=$!
  until grep -q 'ready at' "$directory/out"; do
    kill -0 "$server" 2>/dev/null || { cat "$directory/log" >&2; return 1; }
    sleep 0.1
  done
  url=$(sed -n 's/.*ready at //p' "$directory/out")
  # shellcheck disable=SC2086
  build/release/cloudsync-loadtest --target "$url" --scenario bench/scenarios/busy-document.toml \
    --duration "$seconds" --json "$directory/result.json" $3 >"$directory/summary" 2>&1 ||
    { cat "$directory/summary" >&2; return 1; }
  kill "$server"
  wait "$server" || true
  rm -rf "$directory/data"
  node -e '
    const [name, seconds, path, first] = process.argv.slice(1);
    const { readFileSync, writeFileSync, existsSync } = require("node:fs");
    const { network, deliveryLatency: delivery, ackLatency: ack } = JSON.parse(readFileSync(path));
    const { segments, octets } = network;
    if (!existsSync(first)) writeFileSync(first, JSON.stringify({ segments, octets }));
    const base = JSON.parse(readFileSync(first));
    const rate = (value) => Math.round(value / seconds).toLocaleString("en-US");
    const part = (value, of) => `${Math.round(100 * (value / of - 1))} %`;
    console.log(`| ${name} | ${rate(segments)} | ${part(segments, base.segments)} | ${rate(octets)} | `
      + `${part(octets, base.octets)} | ${delivery.p50Ms.toFixed(0)} / ${delivery.p95Ms.toFixed(0)} | `
      + `${ack.p95Ms.toFixed(0)} |`);
  ' "$name" "$seconds" "$directory/result.json" "$directory/first.json"
}

nothing="--limits.batch-window-ms 0 --limits.presence-window-ms 0"
alone="--cursors edits --submit-interval 0"
echo "| batching | segments/s | | bytes/s | | delivery p50 / p95, ms | ack p95, ms |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
row "nothing" "$nothing" "$alone"
row "a window for operations" "--limits.presence-window-ms 0" "$alone"
row "a window for cursors" "--limits.batch-window-ms 0" "$alone"
row "both windows" "" "$alone"
row "expected cursors are not told" "$nothing" "--cursors moves --submit-interval 0"
row "50 ms between submissions" "$nothing" "--cursors edits --submit-interval 50"
row "all" "" ""
row "all, compressed" "--websocket-compression on" ""
