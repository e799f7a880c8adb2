#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The backends on genuine Xen with Debian's store, and on xen-lite with ours:
# hostile frontends, hotplug scripts and their messages, a killed backend.
cd "$(dirname "$0")/../.." || exit 1
export IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"
CHECKS=19

n=0
tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/extra/job"
cp "$BUILD/tests/fuzz/hostile-frontend" "$tmp/extra/job/"
# With Debian's tools in dom0 the backends come along.
mkdir -p "$tmp"/extra/usr/{sbin,lib/xen-lite/bin,lib/x86_64-linux-gnu} "$tmp/extra/etc/xen/scripts"
cp "$BUILD/bin/xen-backendd" "$tmp/extra/usr/sbin/"
cp "$BUILD"/bin/xen-{block,net}-backend "$tmp/extra/usr/lib/xen-lite/bin/"
cp -a "$BUILD"/lib/*.so* "$tmp/extra/usr/lib/xen-lite/"
cp dom0-scripts/hotplug/{block,vif-bridge,hotplug-common.sh} "$tmp/extra/etc/xen/scripts/"
cp -L /usr/lib/x86_64-linux-gnu/lib{uring,seccomp}.so.2 "$tmp/extra/usr/lib/x86_64-linux-gnu/"

result() { # ok|"not ok" NAME
    n=$((n + 1))
    echo "$1 $n - $2"
}

run() { # NAME [VARIABLE=VALUE...]
    local name=$1 before=$n
    shift
    : > "$tmp/log"
    env EXTRA="$tmp/extra" LOG="$tmp/log" "$@" bash -c \
        ". $IMAGE_DIR/lib.sh; in_dom0 tests/system/backends.dom0" > "$tmp/out" 2>&1
    while read -r line; do
        case $line in
            "BACKEND ok "*) result ok "$name: ${line#BACKEND ok }" ;;
            "BACKEND not ok "*) result "not ok" "$name: ${line#BACKEND not ok }" ;;
            "BACKEND # "*) echo "${line#BACKEND }" ;;
        esac
    done < <(tr -d '\r' < "$tmp/log" | sed -n 's/^.*\(BACKEND [no#]\)/\1/p')
    # Every check must have been made: a run that stops early is a failure.
    if [ $((n - before)) = $CHECKS ]; then
        result ok "$name: ran to its end"
    else
        result "not ok" "$name: ran to its end"
        cat "$tmp"/{out,log} | tail -n 15 | tr -d '\r' | sed 's/^/# /'
    fi
}

run genuine HYPERVISOR=genuine TOOLS=stock
run xen-lite TOOLS=ours
echo "1..$n"
