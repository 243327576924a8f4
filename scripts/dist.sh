#!/bin/sh
# dist.sh NAME COMMIT FOLDER - writes FOLDER/NAME.tar.gz: the sources of the last commit, or of the
# tree where there is no git. The same commit gives the same bytes.
set -eu
cd "$(dirname "$0")/.."
name=$1 commit=$2 folder=$3
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$folder" "$stage/$name"
if [ -e .git ]; then
    git archive --format=tar HEAD | tar -x -C "$stage/$name"
    date=$(git log -1 --format=%cI)
    [ -z "$(git status --porcelain)" ] || echo "dist: what is not committed is left out" >&2
else
    tar -c --exclude=./build --exclude='./results/*.h5' . | tar -x -C "$stage/$name"
    date=1970-01-01
fi
echo "$commit" >"$stage/$name/.commit"
tar -c -C "$stage" --sort=name --owner=0 --group=0 --numeric-owner --mtime="$date" "$name" |
    gzip -n -9 >"$folder/$name.tar.gz"
echo "$folder/$name.tar.gz"
