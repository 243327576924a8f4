#!/usr/bin/env bash
# Every chain of calls that allocates fails once, in every command: tests/faults/test_allocations.sh, all of it.
export EVERY=1
. "$(dirname "${BASH_SOURCE[0]}")/../faults/test_allocations.sh"
