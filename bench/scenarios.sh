#!/usr/bin/env bash
# Runs load tests of bench/scenarios against servers of this machine, each with a data directory of its own.
#   bench/scenarios.sh [NAME…]
# Without names all but smoke. The results go to RESULTS (default bench/results), as NAME.json with machine and
# commit and build/loadtest/NAME.html; OPTIONS are more options of the generator. Ends with 1 if one failed.
set -euo pipefail
RESULTS=${RESULTS:-bench/results}
OPTIONS=${OPTIONS:-}
commit=$(git describe --always --dirty 2>/dev/null || true)
directory=$(mktemp -d)
servers=()
trap 'stop_servers; rm -rf "$directory"' EXIT

stop_servers() {
  [ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null || true
  wait
  servers=()
  rm -rf "$directory"/*
}

# start_servers COUNT: their URLs are then in `urls`, separated by commas.
start_servers() {
  urls=
  for node in $(seq "$1"); do
    : >"$directory/$node.out"
    build/release/cloudsync serve --listen 127.0.0.1:0 --data-dir "$directory/$node" \
      >"$directory/$node.out" 2>"$directory/$node.log" &
    servers+=($!)
  done
  for node in $(seq "$1"); do
    until grep -q 'ready at' "$directory/$node.out"; do
      kill -0 "${servers[$((node - 1))]}" 2>/dev/null || { cat "$directory/$node.log" >&2; return 1; }
      sleep 0.1
    done
    urls=$urls${urls:+,}$(sed -n 's/.*ready at //p' "$directory/$node.out")
  done
}

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  mapfile -t names < <(basename -s .toml bench/scenarios/*.toml | grep -vx smoke)
fi
mkdir -p "$RESULTS" build/loadtest
failed=()
for name in "${names[@]}"; do
  scenario=bench/scenarios/$name.toml
  echo "==> $name: $(sed -n 's/^description = "\(.*\)"/\1/p' "$scenario")"
  start_servers "$(sed -n 's/^nodes = //p' "$scenario")"
  # shellcheck disable=SC2086 # OPTIONS are words
  build/release/cloudsync-loadtest --target "$urls" --scenario "$scenario" --commit "$commit" \
    --json "$RESULTS/$name.json" --html "build/loadtest/$name.html" $OPTIONS || failed+=("$name")
  stop_servers
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "==> FAILED: ${failed[*]}"
  exit 1
fi
