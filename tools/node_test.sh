#!/usr/bin/env bash
# Runs one file of a folder with Node's test runner, or all of them if none is named, after installing
# the folder's packages. Further arguments are the runner's.
set -euo pipefail
tools/npm_ci.sh "$1"
cd "$1"
exec node --test "${@:2}"
