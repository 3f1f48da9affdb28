#!/usr/bin/env bash
# Mutation control: a test that never failed proves nothing. Each patch in this folder plants one bug; the
# hunt builds it in a copy of the sources under build/mutation/ and sees that its hunter finds it.
#   tests/mutation/hunt.sh                 all of them, after the hunters passed on the sources as they are
#   tests/mutation/hunt.sh NAME…           only these
#   tests/mutation/hunt.sh --check         only that every patch still applies (seconds; part of `make check`)
# A patch begins with a sentence about the bug and a line `Hunter: simulation|power-loss|sdk`:
#   simulation   cloudsync-sim finds it within SEEDS seeds, 1 to 200 by default
#   power-loss   the store under a file system that forgets what was not synced (sqlite_store_test)
#   sdk          the tests of the SDK's journal
set -euo pipefail
cd "$(dirname "$0")/../.."

SEEDS=${SEEDS:-200}
readonly copy=build/mutation/source
readonly log=build/mutation/log

names() { # of all patches
  local patch
  for patch in tests/mutation/*.patch; do
    basename "$patch" .patch
  done
}

hunter_of() { sed -n 's/^Hunter: //p' "tests/mutation/$1.patch"; }

if [ "${1:-}" = --check ]; then
  for name in $(names); do
    git apply --check "tests/mutation/$name.patch" || { echo "tests/mutation/$name.patch does not apply" >&2; exit 1; }
    case $(hunter_of "$name") in
      simulation | power-loss | sdk) ;;
      *) echo "tests/mutation/$name.patch names no hunter" >&2; exit 1 ;;
    esac
  done
  echo "mutations: ok"
  exit 0
fi

# build TARGET: in the copy.
build() { (cd "$copy" && tools/build.sh release "$1") >"$log" 2>&1 || { cat "$log" >&2; echo "does not compile" >&2; exit 1; }; }

# hunt HUNTER: true if it passes; what it prints goes to the log.
hunt() {
  case $1 in
    simulation)
      build cloudsync_sim_main
      "$copy/build/release/cloudsync-sim" --seed 1 --seeds "$SEEDS" >"$log" 2>&1
      ;;
    power-loss)
      build sqlite_store_test
      "$copy/build/release/tests/conformance/sqlite_store_test" --gtest_filter='SqlitePowerLoss.*' >"$log" 2>&1
      ;;
    sdk)
      (cd "$copy" && tools/npm_ci.sh clients/typescript && cd clients/typescript && npx vitest run test/journal.test.ts test/journal_crash.test.ts) >"$log" 2>&1
      ;;
  esac
}

# What the hunter said first of what it found.
evidence() { grep -m1 -E 'seed[ =][0-9]+|Failure$|FAIL ' "$log" || tail -n 1 "$log"; }

mkdir -p "$copy"
# Only what differs is written, so that a second hunt builds little.
git ls-files --cached --others --exclude-standard | while read -r file; do
  cmp -s "$file" "$copy/$file" || install -D "$file" "$copy/$file"
done
git -C "$copy" init -q  # git apply knows a repository by its root

wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || mapfile -t wanted < <(names)
hunters=$(for name in "${wanted[@]}"; do hunter_of "$name"; done | sort -u)
for hunter in $hunters; do
  hunt "$hunter" || { cat "$log" >&2; echo "==> the $hunter hunter fails without a mutation" >&2; exit 1; }
  echo "  no mutation, $hunter: passes"
done

escaped=()
for name in "${wanted[@]}"; do
  patch="$PWD/tests/mutation/$name.patch"
  git -C "$copy" apply "$patch"
  if hunt "$(hunter_of "$name")"; then
    escaped+=("$name")
    echo "  $name: ESCAPED"
  else
    echo "  $name: found: $(evidence)"
  fi
  git -C "$copy" apply --reverse "$patch"
done
[ ${#escaped[@]} -eq 0 ] || { echo "==> not found: ${escaped[*]}" >&2; exit 1; }
echo "==> All ${#wanted[@]} mutations were found"
