#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Xen's own test program for the store, test-xenstore from Debian's package,
# with our daemon on the host (--no-domains), through Debian's library and
# through ours: each of its tests, and all of them at random in four processes.
# COUNT: how often each (200). SECONDS_AT_RANDOM (2).
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
. tests/unit/tap.sh

program=$PKG_ROOT/usr/lib/xen-4.17/bin/test-xenstore
# A subshell, as fetch ends its shell when it fails.
if ! (fetch closure $(packages stock)) > /dev/null 2>&1 || [ ! -x "$program" ]; then
    echo "1..0 # SKIP Debian's package xen-utils-4.17 cannot be had"
    exit 0
fi

dir=$(mktemp -d)
out=$dir/out
export XENSTORED_RUNDIR=$dir
unset XENSTORED_PATH
trap 'kill "$(cat "$dir/pid" 2> /dev/null)" 2> /dev/null; rm -rf "$dir"' EXIT
if ! "$BUILD/bin/xenstored" --no-domains --pid-file "$dir/pid"; then
    echo "Bail out! the daemon does not start"
    exit 1
fi

# What it says counts beside its exit status.
test_xenstore() {
    local said rc
    said=$("$program" "$@" 2>&1)
    rc=$?
    echo "$said"
    [[ $rc = 0 && $said != *failed* && $said != *Exhaustive* ]]
}
four_at_random() {
    local p pids=() rc=0
    for p in 1 2 3 4; do
        test_xenstore -r "${SECONDS_AT_RANDOM:-2}" &
        pids+=($!)
    done
    for p in "${pids[@]}"; do wait "$p" || rc=1; done
    return $rc
}
store() { "$BUILD/bin/xenstore" "$@"; }
list() { store ls -p / > "$dir/$1"; }

store write /local/domain/0/name Domain-0
list before
for libraries in "$PKG_ROOT/usr/lib/x86_64-linux-gnu" "$BUILD/lib"; do
    export LD_LIBRARY_PATH=$libraries
    whose="Debian's"
    [ "$libraries" != "$BUILD/lib" ] || whose=our
    while IFS= read -r line; do
        check "$whose library: ${line#*: }" test_xenstore -i "${COUNT:-200}" -t "${line%%:*}"
    done < <("$program" -l | sed 's/ *:/:/')
    check "$whose library: four processes with tests at random" four_at_random
done
unset LD_LIBRARY_PATH
check "the daemon's accounts are right afterwards" store control check
list after
check "nothing is left behind" diff "$dir/before" "$dir/after"
echo "1..$n"
