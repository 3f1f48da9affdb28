#!/usr/bin/env bash
# The whole test suite, cheapest first. Unit, property, differential, conformance, simulation and
# fuzz-corpus tests run under AddressSanitizer and UndefinedBehaviorSanitizer; tests of the product as a
# whole (label "system": SDK and web, differential at length, integration, end-to-end) run against the
# release binaries.
set -euo pipefail
make --no-print-directory check
tools/build.sh asan
echo "==> Tests under ASan and UBSan"
ctest --test-dir build/asan --output-on-failure -j "$(nproc)" -LE system
tools/build.sh release product
echo "==> Tests of the whole product"
ctest --test-dir build/release --output-on-failure -j "$(nproc)" -L system
