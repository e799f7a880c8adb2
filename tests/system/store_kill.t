#!/bin/bash
# SPDX-License-Identifier: MIT
# xenstored is killed KILLS (30) times below dom0's kernel and guests, on genuine
# Xen and on xen-lite: none of them notices but a pause, of GAP ms at most, BUSY
# when there is much to do. See store_kill.dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
guest_kernel "$tmp/extra"
witness "$tmp/extra"
session "$tmp/extra"
cp "$BUILD/tests/system/store_clients" "$tmp/extra/job/"
script=tests/system/store_kill.dom0
checks=$(grep -c '^ *check "' $script)
kills=${KILLS:-30}
export CPUS=${CPUS:-2} LIMIT=${LIMIT:-$((kills * 15 + 900))}
export DOM0_ARGS="kills=$kills gap=${GAP:-10000} busy=${BUSY:-10000}" # on a busy host

for system in ${SYSTEMS:-genuine xen-lite}; do
    [ "$system" = genuine ] && xen=genuine || xen=
    checks_of "$system" "$checks" $script HYPERVISOR=$xen TOOLS=ours
done
echo "1..$n"
