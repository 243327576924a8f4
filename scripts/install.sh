#!/bin/sh
# install.sh install|uninstall - what is installed, and where: one list, walked in either direction.
# The Makefile sets the folders; DESTDIR stands before all of them.
set -eu
cd "$(dirname "$0")/.."
direction=$1
share=$DATADIR/qgrid
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

put() { # MODE FOLDER FILE...
    mode=$1 folder=${DESTDIR:-}$2
    shift 2
    [ "$direction" = uninstall ] || install -d "$folder"
    for file in "$@"; do
        if [ "$direction" = uninstall ]; then
            rm -f "$folder/${file##*/}"
        elif [ -e "$file" ]; then # a pattern without files stays as it is
            install -m "$mode" "$file" "$folder"
        fi
    done
}

make_text() { # FILE WORDS-OF-DOCUMENT...
    file=$made/$1
    shift
    if [ "$direction" = uninstall ]; then : >"$file"; else "$BUILD/qgrid" document "$@" >"$file"; fi
}

strip_of() { # PROGRAM: a copy without symbols
    if [ "$direction" = install ] && [ -n "$STRIP" ]; then
        cp "$1" "$made/" && "$STRIP" "$made/${1##*/}"
    else
        ln -s "$(realpath "$1")" "$made/"
    fi
}

strip_of "$BUILD/qgrid"
put 755 "$BINDIR" "$made/qgrid"
for tool in tools/*.c; do
    tool=${tool##*/}
    strip_of "$BUILD/tools/${tool%.c}"
    put 755 "$LIBEXECDIR/qgrid" "$made/${tool%.c}"
done

# Jobs name their files relative to the working directory: this folder, or a copy of it. What a user
# has put beside the project's own models and data sets stays where it is.
put 644 "$share/jobs" jobs/*.json jobs/README.md
put 644 "$share/datasets" datasets/test.tsv datasets/INA_TweetsPPKM_Labeled_Pure.csv datasets/edge_cases.jsonl \
    datasets/README.md
put 644 "$share/models" models/README.md
for model in models/mini-*/; do
    put 644 "$share/$model" "$model"*
done
put 644 "$share/results" results/README.md
put 755 "$share/slurm" slurm/*.sbatch
put 644 "$share/slurm" slurm/run.sh slurm/README.md

make_text qgrid.1 man
sed -n 's/^QG_COMMAND(\([a-z]*\),.*/\1/p' src/cli/commands.def | while read -r command; do
    make_text "qgrid-$command.1" man "$command"
done
put 644 "$MANDIR/man1" "$made"/*.1
make_text _qgrid completion zsh
put 644 "$ZSHDIR" "$made/_qgrid"
make_text qgrid.fish completion fish
put 644 "$FISHDIR" "$made/qgrid.fish"
rm "$made/qgrid"
make_text qgrid completion bash
put 644 "$BASHDIR" "$made/qgrid"

put 644 "$DOCDIR" [A-Z]*.md CITATION.cff LICENSE NOTICE
put 644 "$DOCDIR/docs" docs/*
[ "$direction" = install ] || for folder in "$share" "$LIBEXECDIR/qgrid" "$DOCDIR"; do
    [ ! -d "${DESTDIR:-}$folder" ] || find "${DESTDIR:-}$folder" -depth -type d -empty -delete
done
