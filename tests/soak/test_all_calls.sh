#!/usr/bin/env bash
# tests/faults/test_calls.sh at every call instead of some.
export MOST=all
exec bash "$(dirname "$0")/../faults/test_calls.sh"
