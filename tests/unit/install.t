#!/bin/bash
# SPDX-License-Identifier: MIT
# dom0-scripts/init/install on a tree and a system made up for it.
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tree=$work/tree root=$work/root
echo "1..9"
out=$work/out
. tests/unit/tap.sh
put() { # FILE TEXT
    mkdir -p "$(dirname "$1")" && echo "$2" > "$1"
}
install_it() { dom0-scripts/init/install "$tree" "$root/" > "$work/said" 2>&1; }
holds() { diff <(echo "$2") "$root/$1"; }
mode_of() { diff <(echo "$2") <(stat -c '%a %u' "$root/$1"); }

# Made by somebody whose umask lets nobody look, who is not root if we are.
put "$tree/usr/sbin/tool" 1
put "$tree/usr/lib/systemd/system/x.service" 1
put "$tree/etc/xen/xl.conf" 1
put "$tree/etc/xen/scripts/block" 1
mkdir -p "$tree/etc/systemd/system/multi-user.target.wants"
ln -s /usr/lib/systemd/system/x.service "$tree/etc/systemd/system/multi-user.target.wants/"
chmod -R go= "$tree"
chmod 700 "$tree/usr/sbin/tool"
[ "$(id -u)" != 0 ] || chown -R 65534 "$tree"
mkdir -p "$root/usr/lib" "$root/usr/sbin"
chmod 2775 "$root/usr/sbin"
ln -s usr/lib "$root/lib"
us=$(id -u)

check "a tree is installed" install_it
check "a program may be run by all and belongs to root" mode_of usr/sbin/tool "755 $us"
check "a new directory may be looked at by all" mode_of usr/lib/systemd "755 $us"
check "a directory that was there keeps its mode" mode_of usr/sbin "2775 $us"

put "$root/etc/xen/xl.conf" mine
rm "$root/etc/systemd/system/multi-user.target.wants/x.service"
for f in usr/sbin/tool etc/xen/xl.conf etc/xen/scripts/block; do put "$tree/$f" 2; done
install_it
check "installed again, a program is the new one" holds usr/sbin/tool 2
check "installed again, a hotplug script is the new one" holds etc/xen/scripts/block 2
check "installed again, a changed configuration is kept" holds etc/xen/xl.conf mine
check "installed again, a unit that was disabled stays so" test ! -L "$root/etc/systemd/system/multi-user.target.wants/x.service"

put "$root/var/lib/dpkg/status" "Package: xen-utils-common
Status: install ok installed
Version: 4.17
Architecture: all
Maintainer: nobody
Description: tools"
put "$tree/usr/sbin/tool" 3
refused() { ! install_it && grep -q 'apt purge xen-utils-common' "$work/said" && holds usr/sbin/tool 2; }
check "beside Debian's tools nothing is installed" refused
