#!/bin/sh
# Installs the pinned reference implementations if they are missing, then compares.
# Usage: run_ot_compare.sh path/to/cloudsync-ot-lines
set -eu
tool=$(realpath "$1")
cd "$(dirname "$0")"
[ -d node_modules/rich-text ] || npm ci --no-audit --no-fund
exec node ot_compare.js "$tool"
