#!/bin/bash
# SPDX-License-Identifier: MIT
#
# demo-net, the guest that is a web server: it is built with lwIP from Debian's
# source package, five of them serve the pages of their disks, clients that misuse
# one do not stop it or the others, and nothing is left of them. SYSTEMS="genuine
# xen-lite" runs the same on genuine Xen with our tools.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/extra"
said=$(env -u MAKEFLAGS make -s demo-net O="$BUILD" 2>&1) && put_demo_net "$tmp/extra" &&
    result ok "demo-net is built with Debian's lwip" || {
    tail -n 20 <<< "$said" | sed 's/^/# /'
    result "not ok" "demo-net is built with Debian's lwip"
    echo "1..$n"
    exit
}
cp "$BUILD/tests/system/http_hostile" "$tmp/extra/demo-net/"
script=tests/system/demo_net.dom0
for system in ${SYSTEMS:-xen-lite}; do
    [ "$system" = genuine ] && xen=genuine || xen=
    checks_of "$system" "$(grep -c '^check "' $script)" $script HYPERVISOR=$xen TOOLS=ours DOM0_MEM=512
done
echo "1..$n"
