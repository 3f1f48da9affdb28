#!/usr/bin/env bash
# Runs every micro-benchmark of build/release/bench; options go to Google Benchmark.
set -euo pipefail
tools/build.sh release ot_bench document_bench storage_bench loop_bench
for benchmark in build/release/bench/*_bench; do
  echo "==> $(basename "$benchmark")"
  "$benchmark" "$@"
done
