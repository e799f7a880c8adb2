#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The long form of the guests that lie (tests/fuzz): ten million requests of each
# kind, messages to the store and damaged journals of it, and a million nodes in
# the store; a few minutes each. FUZZ_COUNT for another number, SEED for one seed
# in the place of those in the tree.
cd "$(dirname "$0")/../.." || exit 1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
. tests/unit/tap.sh

# fuzz NAME COUNT [WHAT]: with what it says of itself
fuzz() {
    FUZZ_COUNT=${FUZZ_COUNT:-$2} check "${3:-a guest that lies: $1}" \
        "${BUILD:-build}/tests/unit/fuzz_$1"
    grep '^# [0-9]' "$out"
}

fuzz block 10000000
fuzz net 10000000
fuzz console 10000000
fuzz nodes 1000000
fuzz store 10000000 "the store, with a guest and clients that lie"
fuzz journal 10000000 "the store, with journals that are damaged"
echo "1..$n"
