#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The libraries under the toolstack, in two dom0s: on genuine Xen beside
# Debian's libraries and daemons, whose behaviour theirs must equal, and on
# xen-lite, where they must do the same again, line by line. No libxl: a
# minimal toolstack (pv_start.c) builds the domains.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp"/extra/libtest/{lib,tests/system}
cp -a "$BUILD"/lib/*.so* "$tmp/extra/libtest/lib/"
cp "$BUILD"/tests/system/{pv-start,xenlibs,xlctrl-ops} "$tmp/extra/libtest/tests/system/"
cp "$BUILD/guests/version" "$tmp/extra/libtest/tiny" # a small kernel
for lib in liblz4.so.1 liblzma.so.5 libzstd.so.1 libz.so.1; do
    cp -L "/usr/lib/x86_64-linux-gnu/$lib" "$tmp/extra/libtest/lib/"
done

script=tests/system/libraries.dom0
checks_of genuine 12 $script HYPERVISOR=genuine TOOLS=stock
checks_of xen-lite 11 $script TOOLS=ours
for system in genuine xen-lite; do
    sed -n 's/^.*LIBDID //p' "$tmp/$system.log" > "$tmp/$system.did"
done
[ -s "$tmp/genuine.did" ] && cmp -s "$tmp"/{genuine,xen-lite}.did && verdict=ok || verdict="not ok"
result "$verdict" "the libraries do the same on xen-lite"
diff "$tmp"/{genuine,xen-lite}.did | head -n 8 | sed "s/^/# /"
echo "1..$n"
