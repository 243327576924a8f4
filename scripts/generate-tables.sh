#!/usr/bin/env bash
# generate-tables.sh [--check] DOCUMENT - between its markers, a document gets what the command in
# the first of them prints; --check: it is compared instead.
set -euo pipefail
check=
if [ "$1" = --check ]; then
    check=1
    shift
fi
new=$(mktemp)
trap 'rm -f "$new"' EXIT
command=$(sed -n 's/^<!-- generated: \(.*\) -->$/\1/p' "$1")
[ -n "$command" ]
{
    sed '/^<!-- generated: /q' "$1"
    echo
    bash -c "$command"
    echo
    sed -n '/^<!-- end -->$/,$p' "$1"
} >"$new"
if [ -n "$check" ]; then
    diff "$1" "$new"
else
    cat "$new" >"$1"
fi
