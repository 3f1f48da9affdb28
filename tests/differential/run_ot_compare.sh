#!/bin/sh
# Installs the pinned reference implementations if they are missing, then compares.
# Usage: run_ot_compare.sh path/to/cloudsync-ot
set -eu
tool=$(realpath "$1")
folder=$(dirname "$(realpath "$0")")
"$folder/../../tools/npm_ci.sh" "$folder"
exec node "$folder/ot_compare.js" "$tool"
