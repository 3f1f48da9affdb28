#!/usr/bin/env bash
# The long versions of the tests that draw their cases at random, from seeds that no run had before, and what
# attacks do to the latency of others. Hours at the default lengths. Each length is a variable, and 0 leaves
# its part out:
#   CASES            random cases a type, compared with the npm references
#   PROPERTY_CASES   RapidCheck cases of each property, under the sanitizers
#   CRASHES          moments at which the server is killed, under the load generator's and the SDK's clients
#   SEEDS            runs of the simulation: a million take two hours of a core
#   RELOAD_SEEDS     runs of the SDK whose pages crash and reload, of each type
#   FUZZ_SECONDS     of each libFuzzer target (needs the packages clang and libclang-rt-14-dev)
#   CHAOS_PAIRS      runs of the editors with and without the attacks of tests/chaos (soak.mjs has the rest)
#   SCENARIOS        1: the load tests of bench/scenarios, with their objectives (nothing else may run meanwhile)
#   MUTATIONS        1: plants the bugs of tests/mutation one by one and sees that each is found
#   SEED             repeats a run with its seed
#   JOBS             processes at a time
# The first failure ends the run and shows its seed with the command that repeats it. What fuzzing found
# on the way stays under build/fuzz/, for the next run to start from.
set -euo pipefail

CASES=${CASES:-10000000}
PROPERTY_CASES=${PROPERTY_CASES:-100000}
CRASHES=${CRASHES:-1000}
SEEDS=${SEEDS:-1000000}
RELOAD_SEEDS=${RELOAD_SEEDS:-20000}
FUZZ_SECONDS=${FUZZ_SECONDS:-600}
CHAOS_PAIRS=${CHAOS_PAIRS:-5}
SCENARIOS=${SCENARIOS:-1}
MUTATIONS=${MUTATIONS:-1}
JOBS=${JOBS:-$(nproc)}
SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}

# A slice has a seed of its own and takes a minute or two: that long it takes to repeat a failure.
readonly CASES_PER_SLICE=100000
readonly SEEDS_PER_SLICE=5000
readonly RELOADS_PER_SLICE=500

# in_parallel COUNT function: calls it with 0 … COUNT - 1. A status of 255 ends all (xargs(1)).
in_parallel() {
  seq 0 $(($1 - 1)) | xargs -P "$JOBS" -I{} bash -euo pipefail -c "$2 {} || exit 255"
}

# run_slice 'what it is' 'the command that repeats it': a line if it passes, else all of its output.
run_slice() {
  local started=$SECONDS output
  if output=$(bash -c "$2" 2>&1); then
    echo "  $1: passed in $((SECONDS - started)) s"
  else
    printf '%s\n==> FAILED: %s; repeat with\n%s\n' "$output" "$1" "$2" >&2
    return 1
  fi
}

compare_slice() {
  local begin=$(($1 * CASES_PER_SLICE))
  local cases=$((CASES - begin < CASES_PER_SLICE ? CASES - begin : CASES_PER_SLICE))
  run_slice "cases $begin to $((begin + cases)) of $CASES" \
    "CS_SEED=$((SEED + $1)) CS_CASES=$cases tests/differential/run_ot_compare.sh build/release/cloudsync-ot"
}

property_slice() {
  run_slice "properties, part $(($1 + 1)) of $JOBS" \
    "GTEST_TOTAL_SHARDS=$JOBS GTEST_SHARD_INDEX=$1 RC_PARAMS='max_success=$PROPERTY_CASES seed=$SEED' \
build/asan/tests/property/ot_property_test"
}

simulation_slice() {
  local begin=$(($1 * SEEDS_PER_SLICE))
  local seeds=$((SEEDS - begin < SEEDS_PER_SLICE ? SEEDS - begin : SEEDS_PER_SLICE))
  run_slice "runs $begin to $((begin + seeds)) of $SEEDS" \
    "build/release/cloudsync-sim --seed $((SEED + begin)) --seeds $seeds"
}

reload_slice() {
  local begin=$(($1 * RELOADS_PER_SLICE))
  local seeds=$((RELOAD_SEEDS - begin < RELOADS_PER_SLICE ? RELOAD_SEEDS - begin : RELOADS_PER_SLICE))
  run_slice "runs $begin to $((begin + seeds)) of $RELOAD_SEEDS with crashing pages" \
    "cd clients/typescript && CS_SEED=$((SEED % 1000000 + begin)) CS_SEEDS=$seeds npx vitest run test/journal_crash.test.ts"
}

# libFuzzer stops at an input that takes 10 s, or asks for 512 MB at once: no input may.
fuzz_slice() {
  local binaries=(build/fuzz/tests/fuzz/*_fuzz)
  local binary=${binaries[$1]}
  local target=$(basename "$binary" _fuzz)
  mkdir -p "build/fuzz/corpus/$target"
  run_slice "$target for $FUZZ_SECONDS s" \
    "$binary -max_total_time=$FUZZ_SECONDS -timeout=10 -malloc_limit_mb=512 -print_final_stats=1 \
-artifact_prefix=build/fuzz/$target- build/fuzz/corpus/$target tests/fuzz/corpus/$target"
}

export CASES PROPERTY_CASES SEEDS RELOAD_SEEDS FUZZ_SECONDS JOBS SEED CASES_PER_SLICE SEEDS_PER_SLICE RELOADS_PER_SLICE
export -f run_slice compare_slice property_slice simulation_slice reload_slice fuzz_slice

echo "==> Soak with SEED=$SEED: CASES=$CASES PROPERTY_CASES=$PROPERTY_CASES CRASHES=$CRASHES SEEDS=$SEEDS" \
  "RELOAD_SEEDS=$RELOAD_SEEDS FUZZ_SECONDS=$FUZZ_SECONDS CHAOS_PAIRS=$CHAOS_PAIRS SCENARIOS=$SCENARIOS JOBS=$JOBS"
if [ "$CASES" -gt 0 ]; then
  tools/build.sh release cloudsync_ot_main
  tools/npm_ci.sh tests/differential
  echo "==> Comparing $CASES cases a type with the references"
  in_parallel $(((CASES + CASES_PER_SLICE - 1) / CASES_PER_SLICE)) compare_slice
fi
if [ "$PROPERTY_CASES" -gt 0 ]; then
  tools/build.sh asan ot_property_test
  echo "==> Checking each property with $PROPERTY_CASES cases"
  in_parallel "$JOBS" property_slice
fi
if [ "$CRASHES" -gt 0 ]; then
  tools/build.sh asan cloudsync cloudsync_loadtest_main cloudsync_check_main
  tools/npm_ci.sh clients/typescript
  (cd clients/typescript && npm run --silent build)
  echo "==> Killing the server at $CRASHES moments"
  run_slice "$CRASHES crashes" "CLOUDSYNC_BIN=$PWD/build/asan/cloudsync CS_SEED=$SEED CS_CRASHES=$CRASHES \
node --test tests/chaos/crash_points.test.mjs"
fi
if [ "$SEEDS" -gt 0 ]; then
  tools/build.sh release cloudsync_sim_main
  echo "==> Simulating $SEEDS runs"
  in_parallel $(((SEEDS + SEEDS_PER_SLICE - 1) / SEEDS_PER_SLICE)) simulation_slice
fi
if [ "$RELOAD_SEEDS" -gt 0 ]; then
  tools/npm_ci.sh clients/typescript
  echo "==> Running the SDK with $RELOAD_SEEDS seeds of crashing pages"
  in_parallel $(((RELOAD_SEEDS + RELOADS_PER_SLICE - 1) / RELOADS_PER_SLICE)) reload_slice
fi
if [ "$FUZZ_SECONDS" -gt 0 ]; then
  tools/build.sh fuzz fuzz_targets
  echo "==> Fuzzing each target for $FUZZ_SECONDS s"
  in_parallel "$(find build/fuzz/tests/fuzz -name '*_fuzz' | wc -l)" fuzz_slice
fi
if [ "$CHAOS_PAIRS" -gt 0 ]; then
  tools/build.sh release cloudsync cloudsync_loadtest_main
  echo "==> Attacking while others edit"
  CHAOS_PAIRS=$CHAOS_PAIRS CLOUDSYNC_BIN=build/release/cloudsync node tests/chaos/soak.mjs
fi
if [ "$SCENARIOS" -gt 0 ]; then
  tools/build.sh release cloudsync cloudsync_loadtest_main
  echo "==> Running the load tests"
  RESULTS=build/loadtest bench/scenarios.sh
fi
if [ "$MUTATIONS" -gt 0 ]; then
  echo "==> Planting bugs"
  SEEDS=200 tests/mutation/hunt.sh
fi
echo "==> Soak passed in $SECONDS s"
