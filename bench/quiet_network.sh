#!/usr/bin/env bash
# bench/quiet_network.sh COMMAND…: runs it in a network of its own, as root, for measurements with hundreds of
# thousands of sockets on loopback:
# - CUBIC, Linux's default, instead of BBR, which paces each send with a timer;
# - a table of connections that has room (tcp(7), tcp_child_ehash_entries; the default has 262,144 chains);
# - acknowledgements at once (ip-route(8), quickack): both ends share the processors, so that one that comes 40 ms
#   later finds both sockets cold.
set -euo pipefail
sysctl -qw net.ipv4.tcp_child_ehash_entries=2097152
before=$(sysctl -n net.ipv4.tcp_congestion_control)
sysctl -qw net.ipv4.tcp_congestion_control=cubic # a new network takes over what this one has
trap 'sysctl -qw net.ipv4.tcp_child_ehash_entries=0 net.ipv4.tcp_congestion_control="$before"' EXIT
unshare --net bash -c '
  ip link set lo up
  ip route change local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1 quickack 1
  exec "$@"' -- "$@"
