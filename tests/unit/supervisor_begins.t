#!/bin/bash
# SPDX-License-Identifier: MIT
# Who starts the supervisor learns whether it serves: what it cannot do without
# fails before it says that it is ready.
cd "$(dirname "$0")/../.." || exit 1
. tests/unit/tap.sh
dir=$(mktemp -d)
out=$dir/out
trap 'rm -rf "$dir"' EXIT

: > "$dir/file"
refused() {
    "${BUILD:-build}/bin/xen-backendd" -p "$dir/pid" -l "$dir/log" -r "$dir/file"
    [ $? = 1 ]
}
check 'a directory that is none is told to who starts the supervisor' refused
check 'and there is no log of a daemon that was ready' test ! -e "$dir/log"
echo "1..$n"
