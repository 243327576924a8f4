#!/bin/sh
# deps.sh PACKAGE... - makes sure that Debian packages are there; installs them when it may (root).
# Elsewhere than on Debian the compiler and pkg-config say what they miss.
command -v dpkg-query >/dev/null || exit 0
missing=""
for p in "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing:$missing"
    log=$(mktemp)
    # shellcheck disable=SC2086 # a list of packages
    set -- install -o DPkg::Lock::Timeout=600 -y -qq --no-install-recommends $missing
    export DEBIAN_FRONTEND=noninteractive
    { apt-get "$@" || { apt-get update -qq && apt-get "$@"; }; } >"$log" 2>&1 && rm -f "$log" && exit 0
    tail -n 5 "$log" >&2
    echo "(all of it: $log)" >&2
    exit 1
fi
echo "Some packages are missing. Type this, then try again:" >&2
echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
exit 1
