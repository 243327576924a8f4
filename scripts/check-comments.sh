#!/bin/sh
# check-comments.sh HEADER... - every function, type, variable and macro of a public header has a
# comment: above it, on its line, or above the group of lines that it stands in.
awk '
function report(line, text) { printf "%s:%d: no comment: %s\n", FILENAME, line, text; bad = 1 }
FNR == 1 { covered = inside = depth = 0; statement = ""; guard = "" }
inside { if (/\*\//) { inside = 0; covered = 1 } next }
depth == 0 && statement == "" && /^[ \t]*$/ { covered = 0; next }
depth == 0 && statement == "" && /^\/\*/ { if (/\*\//) covered = 1; else inside = 1; next }
/^#ifndef QGRID_/ { guard = $2; next }
/^#define/ {
    # X is what a list is made of, just below.
    if ($2 != guard && $2 !~ /^X\(/ && !covered && !/\/\*/ && !continued) report(FNR, $2)
    continued = /\\$/
    next
}
continued { continued = /\\$/; next }
/^#/ || (depth == 0 && /^extern "C"/) || (statement == "" && /^}$/) { next }
statement == "" && /^[A-Z_]+\(X\)$/ { next }
{
    if (statement == "") { first = FNR; text = $0; has = 0 }
    statement = statement $0
    if (/\/\*/) has = 1
    code = $0
    gsub(/"[^"]*"/, "", code)
    gsub(/\/\*.*\*\//, "", code)
    depth += gsub(/{/, "{", code) - gsub(/}/, "}", code)
    # A plain declaration of a type says nothing by itself.
    if (depth == 0 && code ~ /;[ \t]*$/) {
        if (!covered && !has && text !~ /^struct [a-z_0-9]+;$/) report(first, text)
        statement = ""
    } else if (depth == 0 && code ~ /}[ \t]*$/) {
        if (!covered && !has) report(first, text)
        statement = ""
    }
}
END { exit bad }
' "$@"
