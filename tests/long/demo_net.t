#!/bin/bash
# SPDX-License-Identifier: MIT
#
# GUESTS (100) guests of demo-net in a machine of 4 GiB, each of which answers, and
# of which nothing is left; how long one takes to its first answer beside Debian's
# kernel to its user space, and how fast bytes go out of it beside Debian's
# netfront. See demo_net.dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
guest_kernel "$tmp/extra"
env -u MAKEFLAGS make -s demo-net O="$BUILD" >&2 || die "demo-net is not built, see above"
put_demo_net "$tmp/extra"
script=tests/long/demo_net.dom0
guests=${GUESTS:-100}
export MEMORY=4096 DOM0_MEM=512 LIMIT=${LIMIT:-$((600 + guests * 10))} DOM0_ARGS="guests=$guests rounds=${ROUNDS:-5}"
for system in ${SYSTEMS:-xen-lite}; do
    [ "$system" = genuine ] && xen=genuine || xen=
    checks_of "$system" "$(grep -c '^check "' $script)" $script HYPERVISOR=$xen TOOLS=ours
done
echo "1..$n"
