#!/usr/bin/env bash
# Instructions and allocations an operation of cases of ot_bench, by callgrind: unlike times they are
# the same on a busy machine. Each case runs twice, and the difference of the two runs is counted, so
# that building documents and starting up is not.
# Usage: bench/ot_instructions.sh build/release/bench/ot_bench [regular expression of cases]
set -euo pipefail
tool=$1
pattern=${2:-.}
runs=1000
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# instructions CASE ITERATIONS
instructions() {
  CS_ITERATIONS=$2 valgrind --tool=callgrind --callgrind-out-file="$out/profile" \
    "$tool" --benchmark_filter="^$1/iterations:" --benchmark_format=json >"$out/result" 2>/dev/null
  sed -n 's/^summary: //p' "$out/profile"
}

echo '| case | instructions | allocations |'
echo '| --- | --- | --- |'
"$tool" --benchmark_list_tests=true | grep -E "$pattern" | while read -r name; do
  few=$(instructions "$name" 1)
  many=$(instructions "$name" $((runs + 1)))
  # Counted by ot_bench. 1.0e+00 is how it writes 1.
  allocations=$(sed -n 's/.*"allocations": \([0-9.e+-]*\).*/\1/p' "$out/result")
  case $name in */apply-*) operations=2 ;; *) operations=1 ;; esac
  printf '| %s | %d | %.2f |\n' "$name" $(((many - few) / runs / operations)) "$allocations"
done
