#!/usr/bin/env bash
# Runs one file of a folder with Node's test runner, after installing the folder's packages.
set -euo pipefail
tools/npm_ci.sh "$1"
cd "$1"
exec node --test "$2"
