#!/usr/bin/env bash
# lint.sh - format, headers that stand alone, layers, size of files, clang-tidy, cppcheck, shellcheck.
set -u
cd "$(dirname "$0")/.." || exit 2
bad=0
step() {
    local name=$1
    shift
    if "$@" >/tmp/qgrid-lint.log 2>&1; then
        echo "  ok    $name"
    else
        echo "  BAD   $name"
        head -n 40 /tmp/qgrid-lint.log | sed 's/^/        /'
        bad=1
    fi
}
sources=$(git ls-files '*.c' '*.h')
headers=$(git ls-files 'include/*.h' 'src/*.h')
format() { # shellcheck disable=SC2086
    clang-format --dry-run --Werror $sources
}
alone() {
    local h rc=0
    for h in $headers; do
        case $h in *_internal.h | */vmath.h | */simd16.h) continue ;; esac
        # shellcheck disable=SC2086
        echo "#include \"$h\"" | mpicc -x c -std=c11 $CPPFLAGS -I. $WARN -Wno-unused-function -fsyntax-only - || rc=1
    done
    return $rc
}
lengths() {
    git ls-files 'src/*.c' 'src/*.h' 'include/*.h' | xargs wc -l | awk '$2 != "total" && $1 > 600 {print; bad = 1} END {exit bad}'
}
banned() {
    ! grep -nE '\b(strcpy|strcat|sprintf|gets|rand|assert_float_equal)\(' $(git ls-files 'src/*.c' 'tests/*.c')
}
tidy() { # shellcheck disable=SC2086
    clang-tidy --quiet $(git ls-files 'src/*.c' | grep -v __) -- -std=c11 $CPPFLAGS -I/usr/lib/x86_64-linux-gnu/openmpi/include -DQG_COMMIT='""' -DQG_CFLAGS='""' 2>/dev/null | grep -E 'warning:|error:' && return 1
    return 0
}
check() {
    cppcheck --quiet --error-exitcode=1 --inline-suppr --suppress=missingInclude --suppress=unusedFunction -Iinclude -Isrc -D__x86_64__ src
}
step "clang-format" format
step "every header compiles alone" alone
step "layers" scripts/check-layers.sh
step "files under 600 lines" lengths
step "banned functions" banned
step "shellcheck" shellcheck -x -e SC1091,SC2012,SC2046,SC2086,SC2154 scripts/*.sh tests/e2e/*.sh tests/mpi/*.sh
step "cppcheck" check
[ -n "${NO_TIDY:-}" ] || step "clang-tidy" tidy
exit $bad
