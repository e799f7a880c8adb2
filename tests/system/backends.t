#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The backends on genuine Xen with Debian's store, and on xen-lite with ours:
# hostile frontends, hotplug scripts and their messages, a killed backend.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/extra/job"
cp "$BUILD/tests/fuzz/hostile-frontend" "$BUILD/tests/system/prisoner" "$tmp/extra/job/"
# With Debian's tools in dom0 the backends come along.
mkdir -p "$tmp"/extra/usr/{sbin,lib/xen-lite/bin,lib/x86_64-linux-gnu} "$tmp/extra/etc/xen/scripts"
cp "$BUILD/bin/xen-backendd" "$tmp/extra/usr/sbin/"
cp "$BUILD"/bin/xen-{block,net}-backend "$tmp/extra/usr/lib/xen-lite/bin/"
cp -a "$BUILD"/lib/*.so* "$tmp/extra/usr/lib/xen-lite/"
cp dom0-scripts/hotplug/{block,vif-bridge,hotplug-common.sh} "$tmp/extra/etc/xen/scripts/"
cp -L /usr/lib/x86_64-linux-gnu/lib{uring,seccomp}.so.2 "$tmp/extra/usr/lib/x86_64-linux-gnu/"

checks=$(grep -c '^check "' tests/system/backends.dom0)
checks_of genuine "$checks" tests/system/backends.dom0 HYPERVISOR=genuine TOOLS=stock
checks_of xen-lite "$checks" tests/system/backends.dom0 TOOLS=ours
echo "1..$n"
