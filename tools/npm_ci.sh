#!/usr/bin/env bash
# Installs a folder's npm packages exactly as its lockfile says, if that has not been done yet.
set -euo pipefail
cd "$1"
[ -f package-lock.json ] || { echo "$1 has no package-lock.json" >&2; exit 1; }
exec 9<package-lock.json
flock 9 # tests run side by side may want the same packages
stamp=node_modules/.installed-lock
if ! cmp -s package-lock.json "$stamp"; then
  echo "==> npm: installing the packages of $1"
  npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
  cp package-lock.json "$stamp"
fi
