#!/usr/bin/env bash
# Installs what is missing on a Debian 12 machine, as root or through sudo. README.md lists every package
# with its reason; keep the two in step (tools/check_repository.py compares them).
#   tools/install_packages.sh build   what `make run` and `make build` need
#   tools/install_packages.sh test    that, and what `make test` needs
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache mold make pkg-config
  libboost-json1.81-dev libsimdjson-dev nlohmann-json3-dev libexpected-dev libspdlog-dev libfmt-dev libcli11-dev
  libjemalloc-dev libtomlplusplus-dev libsqlite3-dev libssl-dev zlib1g-dev liburing-dev
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
  ca-certificates
)
test_packages=(
  clang-format python3 python3-autobahn git curl chromium fonts-dejavu-core fonts-noto-color-emoji libboost1.81-dev
)

profile=${1:-build}
wanted=("${build_packages[@]}")
[ "$profile" = test ] && wanted+=("${test_packages[@]}")
# Any Node.js from 18 on will do, so an existing one is left alone.
command -v node >/dev/null || wanted+=(nodejs)
command -v npm >/dev/null || wanted+=(npm)

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
    missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "==> Packages: nothing to install"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Please install as root: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "==> Packages: installing ${#missing[@]}: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q -o DPkg::Lock::Timeout=600
"${as_root[@]}" apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}"
