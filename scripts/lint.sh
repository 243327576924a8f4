#!/usr/bin/env bash
# lint.sh - format, headers that stand alone, layers, size of files, clang-tidy, cppcheck, shellcheck.
# TIDY_SINCE=COMMIT: clang-tidy, which is slow, looks only at what has changed since then.
set -u
cd "$(dirname "$0")/.." || exit 2
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
step() {
    local name=$1
    shift
    if "$@" >"$tmp/log" 2>&1; then
        echo "  ok    $name"
    else
        echo "  BAD   $name"
        head -n 40 "$tmp/log" | sed 's/^/        /'
        bad=1
    fi
}
sources=$(git ls-files '*.c' '*.h')
[ -n "$sources" ] || { echo "this is no git checkout, or not one that git reads here"; exit 1; }
headers=$(git ls-files 'include/*.h' 'src/*.h')
format() {
    clang-format --dry-run --Werror $sources
}
alone() {
    local h flags rc=0
    for h in $headers; do
        flags=
        case $h in
        */math16.h) continue ;; # a template over the vectors of a v16_*.h
        *_avx2.h) flags="-mavx2 -mfma -mf16c" ;;
        *_avx512.h) flags="-mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c" ;;
        esac
        echo "#include \"$h\"" |
            mpicc -x c -std=c11 -O1 $CPPFLAGS -I. $WARN -Wno-unused-function $flags -fsyntax-only - || rc=1
    done
    return $rc
}
lengths() {
    git ls-files 'src/*.c' 'src/*.h' 'include/*.h' | xargs wc -l | awk '$2 != "total" && $1 > 450 {print; bad = 1} END {exit bad}'
}
banned() {
    ! grep -nE '\b(strcpy|strcat|sprintf|gets|rand|assert_float_equal)\(' $(git ls-files 'src/*.c' 'tests/*.c') &&
        ! grep -nE '\b(strtok|atoi)\(' $(git ls-files 'src/*.c')
}
tidy_files() {
    if [ -n "${TIDY_SINCE:-}" ]; then
        git diff --name-only --diff-filter=d -M "$TIDY_SINCE" -- 'src/*.c'
    else
        git ls-files 'src/*.c'
    fi | grep -v __
}
tidy() {
    tidy_files | xargs -r -n 8 -P "$(nproc)" bash -c 'out=$(clang-tidy --quiet "$@" -- -std=c11 $CPPFLAGS $(mpicc -showme:compile) \
        -DQG_COMMIT="\"\"" -DQG_CFLAGS="\"\"" 2>&1) && ! grep -E "warning:|error:" <<<"$out"' tidy
}
check() {
    cppcheck --quiet --error-exitcode=1 --inline-suppr --suppress=missingInclude --suppress=unusedFunction -Iinclude -Isrc -D__x86_64__ src
}
step "clang-format" format
step "every header compiles alone" alone
step "layers" scripts/check-layers.py
step "comments of public symbols" scripts/check-comments.sh include/qgrid/*.h
step "files under 450 lines" lengths
step "banned functions" banned
step "shellcheck" shellcheck -x -e SC1091,SC2012,SC2016,SC2046,SC2086,SC2153,SC2154,SC2317 $(git ls-files '*.sh' '*.sbatch')
step "cppcheck" check
step "clang-tidy" tidy
exit $bad
