#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Saved images cross both ways: a guest saved on genuine Xen goes on on xen-lite
# and the other way round, with Debian's tools. The image and the guest's disk
# travel on dom0's disk; a program in the guest tells whether memory, disk or
# clock lost anything (witness.c), and dom0 asks the network. See images.dom0.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
fetch_xen > /dev/null
guest_kernel "$tmp/extra"
witness "$tmp/extra"

# boot SYSTEM DISK save|restore
boot() {
    local log=$tmp/$1.$3 hypervisor=${HYPERVISOR:-$DIST/xen-lite.elf}
    [ "$1" != genuine ] || hypervisor=genuine
    HYPERVISOR=$hypervisor TOOLS=stock EXTRA=$tmp/extra IMAGES=$tmp/$2.img KEEP_IMAGES=1 LIMIT=${LIMIT:-600} \
        LOG=$log DOM0_ARGS="step=$3" bash -c ". $IMAGE_DIR/lib.sh; in_dom0 tests/system/images.dom0" > "$log.out" 2>&1
}
n=0
report() { # SYSTEM save|restore NAME
    local line before=$n
    while read -r line; do
        case $line in
            "ok "* | "not ok "*) n=$((n + 1)); sed -E "s/ok [0-9]+ - /ok $n - $3: /" <<< "$line" ;;
            *) echo "$line" ;;
        esac
    done < <(tr -d '\r' < "$tmp/$1.$2" | sed -n 's/^TAP //p')
    n=$((n + 1))
    if grep -q '^STEP is done' "$tmp/$1.$2"; then echo "ok $n - $3: to its end"; else
        echo "not ok $n - $3: to its end"
        tail -n 15 "$tmp/$1.$2.out" | tr -d '\r' | sed 's/^/# /'
    fi
}

# Two machines of one processor each, side by side; then their disks change
# places.
boot genuine a save & boot xen-lite b save &
wait
boot xen-lite a restore & boot genuine b restore &
wait
report genuine save "saved on genuine Xen"
report xen-lite restore "from genuine Xen on xen-lite"
report xen-lite save "saved on xen-lite"
report genuine restore "from xen-lite on genuine Xen"
echo "1..$n"
