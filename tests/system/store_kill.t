#!/bin/bash
# SPDX-License-Identifier: MIT
# xenstored is killed again and again below dom0's kernel and a guest, on genuine
# Xen and on xen-lite: neither of them notices. See store_kill.dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
guest_kernel "$tmp/extra"
script=tests/system/store_kill.dom0
checks=$(grep -c '^ *check "' $script)
export LIMIT=${LIMIT:-400}

for system in ${SYSTEMS:-genuine xen-lite}; do
    [ "$system" = genuine ] && xen=genuine || xen=
    checks_of "$system" "$checks" $script HYPERVISOR=$xen TOOLS=ours
done
echo "1..$n"
