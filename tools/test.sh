#!/usr/bin/env bash
# The whole test suite, cheapest first. Unit, property, differential, conformance, simulation and
# fuzz-corpus tests run under AddressSanitizer and UndefinedBehaviorSanitizer; tests of the product as a
# whole (label "system": SDK and web, differential at length, integration, end-to-end) run against the
# release binaries. What has more than one thread runs under ThreadSanitizer, too: the loops, the stores,
# and the server with stock clients, under load and killed; a race ends the process.
set -euo pipefail
make --no-print-directory check
tools/build.sh asan
echo "==> Tests under ASan and UBSan"
ctest --test-dir build/asan --output-on-failure -j "$(nproc)" -LE system
tools/build.sh release product beast_rooms
echo "==> Tests of the whole product"
ctest --test-dir build/release --output-on-failure -j "$(nproc)" -L system
tools/build.sh tsan threaded
echo "==> Tests of what is threaded under TSan"
TSAN_OPTIONS=halt_on_error=1 ctest --test-dir build/tsan --output-on-failure \
  -R '^(runtime_test|storage_conformance_test|sqlite_store_test|integration_(stock_client|loadtest|crash))$'
