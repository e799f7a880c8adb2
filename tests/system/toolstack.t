#!/bin/bash
# SPDX-License-Identifier: MIT
#
# xl and libxl with our store, console daemon and backends, on genuine Xen and
# on xen-lite: what is refused, and the life of a guest.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/extra/job"
cp "$BUILD/guests/version" "$tmp/extra/job/tiny" # a small kernel
cp "$BUILD"/guests/start_of_day* "$tmp/extra/job/"
fetch closure $(packages files)
fetch_kernel
cp "$PKG_ROOT/usr/lib/modules/$KVER/kernel/drivers/net/xen-netback/xen-netback.ko" "$tmp/extra/job/"
script=tests/system/toolstack.dom0
checks=$(grep -c '^ *check "' $script)
export LIMIT=${LIMIT:-1500}

for system in ${SYSTEMS:-genuine xen-lite}; do
    [ "$system" = genuine ] && xen=genuine || xen=
    checks_of "$system" "$checks" $script HYPERVISOR=$xen TOOLS=ours
done
echo "1..$n"
