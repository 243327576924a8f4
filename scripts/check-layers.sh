#!/usr/bin/env bash
# check-layers.sh - which room may include what: reads every #include of src/, private headers too.
#
# A room is a folder of src/. Each room may use those named in its line below, nothing else; inside a
# room, its private headers. A public header (include/qgrid) belongs to the room that defines what it
# declares; one that a single room uses is no public header. Outside libraries have one place each.
set -u
cd "$(dirname "$0")/.." || exit 2
exec python3 scripts/check_layers.py
