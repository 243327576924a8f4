#!/usr/bin/env bash
# Gangs that lose members, under mpirun --enable-recovery, which lets the others go on. It returns 0
# whatever happened, so rank 0's closing line counts.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
FARM=${BUILD:-build/release}/tests/mpi/test_farm_gang

scenario() { # RANKS NAME
    local dir="$T/$2-$1"
    mkdir "$dir"
    timeout -k 5 $HANG mpirun --enable-recovery -np "$1" "$FARM" "$2" "$dir" >"$T/log" 2>&1
    tail -n 30 "$T/log"
    grep -q '^\[  PASSED  \] 1 test' "$T/log" && ! pgrep -f "$dir"
}
for np in 4 8; do
    ok "a gang that loses two members, one after the other, is formed again ($np ranks)" scenario $np broken
done
ok "a unit that breaks four gangs is failed, the rest goes on" scenario 8 hopeless
ok "a silent member is lost, and leaves when it wakes" scenario 4 silent
ok "rank 0, which only coordinates, computes when nobody is left" scenario 3 orphaned
finish
