#!/usr/bin/env bash
# What make install puts where, what an installed qgrid finds, and that make uninstall takes it away.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"
R=$T/root
P=$R/opt/q

# -o all: what is tested here is not built again.
make_it() { make --no-print-directory -o all "$@" BUILD="$(dirname "$QGRID")" DESTDIR="$R" PREFIX=/opt/q; }
mkdir -p "$R/opt/q/share/man/man1"
echo other >"$R/opt/q/share/man/man1/other.1"
ok "make install" make_it install
ok "the program runs" "$P/bin/qgrid" list metrics
ok "tools run" "$P/libexec/qgrid/train_vocab" --help
has_no_symbols() { ! readelf -S "$1" | grep -q '\.symtab'; }
ok "it is stripped" has_no_symbols "$P/bin/qgrid"

# ------------------------------------------------------------------------------------------- jobs
in_place() ( cd "$P/share/qgrid" && "$P/bin/qgrid" "$@" )
for job in full_matrix xai qat stress; do
    ok "qgrid check finds no mistake in the installed $job" in_place check "jobs/$job.json"
done
ok "an installed job runs where it is, with the results elsewhere" in_place run jobs/full_matrix.json \
    --only '*_smsa/fp32' --output "$T/r.h5" --progress none
writes_nothing() { [ -z "$(find "$P/share" -newer "$T/stamp" -type f)" ]; }
touch "$T/stamp"
ok "another one" in_place run jobs/xai.json --only '*/int8' --output "$T/x.h5" --progress none
ok "nothing is written beside the jobs" writes_nothing
for script in full_matrix paper; do
    ok "$script.sbatch finds what it sources" bash -n "$P/share/qgrid/slurm/$script.sbatch"
    ok "and its job is there" test -r "$P/share/qgrid/$(sed -n 's/^qgrid_run \([^ ]*\).*/\1/p' "$P/share/qgrid/slurm/$script.sbatch")"
done
ok "run.sh is beside them" test -r "$P/share/qgrid/slurm/run.sh"

# -------------------------------------------------------------------------------------- man pages
commands=$("$QGRID" --help | awk '/^  [a-z]/ {print $1}')
ok "there are commands" test "$(echo "$commands" | wc -w)" -gt 10
renders() { # PAGE: nothing to warn of, and the options of --help are in it
    local page=$P/share/man/man1/$1.1 text
    text=$(groff -man -Tutf8 -ww "$page" 2>"$T/warnings" | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g') || return 1
    [ ! -s "$T/warnings" ] || { cat "$T/warnings"; return 1; }
    for word in NAME SYNOPSIS OPTIONS 'EXIT STATUS' 'SEE ALSO' "${@:2}"; do
        grep -qF -- "$word" <<<"$text" || { echo "$1 lacks $word"; return 1; }
    done
}
ok "qgrid.1" renders qgrid ENVIRONMENT FILES
for c in $commands; do
    # shellcheck disable=SC2046 # words
    ok "qgrid-$c.1" renders "qgrid-$c" $("$QGRID" "$c" --help | grep -oE '^ {2}.{4}--[a-z-]+' | grep -oE -- '--[a-z-]+')
done

# ------------------------------------------------------------------------------------- completion
bash_completes() { # WANTED WORD...
    local want=$1
    shift
    (
        . "$P/share/bash-completion/completions/qgrid"
        COMP_WORDS=("$@")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _qgrid
        echo "${COMPREPLY[*]}"
        [ "${COMPREPLY[*]}" = "$want" ]
    )
}
ok "bash: a command" bash_completes explain qgrid expl
ok "bash: an option" bash_completes --progress qgrid run --prog
ok "bash: a value" bash_completes 'auto always' qgrid explain --color a
ok "bash: a value behind =" bash_completes bar qgrid run --progress = b
ok "bash: one of a list" bash_completes fp32,int8_tensor qgrid explain -p fp32,int8_
ok "bash: a method" bash_completes kernel_shap qgrid explain -x kern
ok "bash: a section" bash_completes methods qgrid list meth
ok "bash: a job" bash_completes jobs/full_matrix.json qgrid run jobs/full
ok "bash: an option behind a job alone" bash_completes --accept-changes qgrid jobs/full_matrix.json --acc
ok "bash: a folder" bash_completes models/mini-original qgrid predict -m models/mini-o
all_commands() { [ "$(bash_completes '' qgrid '' | tr ' ' '\n' | grep -cxF "$commands")" -eq "$(echo "$commands" | wc -w)" ]; }
ok "bash: every command" all_commands
if command -v zsh >/dev/null; then
    zsh_completes() { # WANTED LINE
        [ "$(timeout 60 zsh -f tests/support/complete.zsh "$P/share/zsh/site-functions/_qgrid" "$2" | tee /dev/stderr)" = "$1" ]
    }
    ok "zsh: a command" zsh_completes 'qgrid explain ' 'qgrid expl'
    ok "zsh: an option" zsh_completes 'qgrid run --progress=' 'qgrid run --prog'
    ok "zsh: one of a list" zsh_completes 'qgrid explain -p fp32,int8_tensor,' 'qgrid explain -p fp32,int8_'
    ok "zsh: a job" zsh_completes 'qgrid jobs/full_matrix.json --fresh ' 'qgrid jobs/full_matrix.json --fre'
else
    skip "zsh completion" "zsh is not installed" 4
fi
if command -v fish >/dev/null; then
    fish_completes() { # WANTED LINE
        fish -N -c "source '$P/share/fish/vendor_completions.d/qgrid.fish'; complete -C '$2'" | cut -f 1 | grep -xF -- "$1"
    }
    ok "fish: a command" fish_completes explain 'qgrid expl'
    ok "fish: an option" fish_completes --progress 'qgrid run --prog'
    ok "fish: one of a list" fish_completes fp32,int8_tensor 'qgrid explain -p fp32,int8_'
    ok "fish: a job" fish_completes jobs/full_matrix.json 'qgrid run jobs/full'
else
    skip "fish completion" "fish is not installed" 4
fi
fails 2 "bash, zsh or fish" "another shell" "$QGRID" document completion tcsh
fails 2 "there is no command" "a page of nothing" "$QGRID" document man nothing
fails 2 "man, completion, schema" "another kind" "$QGRID" document everything

# -------------------------------------------------------------------------------------- uninstall
ok "make uninstall" make_it uninstall
nothing_left() { [ "$(find "$R" -type f -o -name '*qgrid*')" = "$P/share/man/man1/other.1" ]; }
ok "and nothing is left but what others put there" nothing_left
finish
