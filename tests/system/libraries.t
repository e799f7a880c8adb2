#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The libraries under the toolstack, in two dom0s: on genuine Xen beside
# Debian's libraries and daemons, whose behaviour theirs must equal, and on
# xen-lite, where they must do the same again, line by line. No libxl: a
# minimal toolstack (pv_start.c) builds the domains.
cd "$(dirname "$0")/../.." || exit 1
IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"

n=0
tap() { # yes|no NAME
    n=$((n + 1))
    [ "$1" = yes ] && echo "ok $n - $2" || echo "not ok $n - $2"
}

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp"/extra/libtest/{lib,tests/system}
cp -a "$BUILD"/lib/*.so* "$tmp/extra/libtest/lib/"
cp "$BUILD"/tests/system/{pv-start,xenlibs,xlctrl-ops} "$tmp/extra/libtest/tests/system/"
cp "$BUILD/guests/version" "$tmp/extra/libtest/tiny" # a small kernel
for lib in liblz4.so.1 liblzma.so.5 libzstd.so.1 libz.so.1; do
    cp -L "/usr/lib/x86_64-linux-gnu/$lib" "$tmp/extra/libtest/lib/"
done

run() { # NAME [VARIABLE=VALUE...]: boots, turns LIB lines into TAP
    local name=$1 before=$n
    shift
    : > "$tmp/$name.log"
    env EXTRA="$tmp/extra" LOG="$tmp/$name.log" "$@" bash -c \
        ". $IMAGE_DIR/lib.sh; in_dom0 tests/system/libraries.dom0" > "$tmp/$name.out" 2>&1
    tr -d '\r' < "$tmp/$name.log" > "$tmp/$name.text"
    while read -r line; do
        case $line in
            "LIB ok "*) tap yes "$name: ${line#LIB ok }" ;;
            "LIB not ok "*) tap no "$name: ${line#LIB not ok }" ;;
            "LIB # "*) echo "${line#LIB }" ;;
        esac
    done < <(sed -n 's/^.*\(LIB [no#]\)/\1/p' "$tmp/$name.text")
    sed -n 's/^.*LIBDID //p' "$tmp/$name.text" > "$tmp/$name.did"
    # Every check must have been made: a run that stops early is a failure.
    tap "$([ $((n - before)) -ge "$checks" ] && echo yes || echo no)" "$name: ran to its end"
    [ $((n - before)) -gt "$checks" ] || cat "$tmp/$name".{out,text} | tail -n 15 | sed 's/^/# /'
}

export IMAGE_DIR
checks=12
run genuine HYPERVISOR=genuine TOOLS=stock
checks=11
run xen-lite TOOLS=ours
tap "$([ -s "$tmp/genuine.did" ] && cmp -s "$tmp"/{genuine,xen-lite}.did && echo yes || echo no)" \
    "the libraries do the same on xen-lite"
diff "$tmp"/{genuine,xen-lite}.did | head -n 8 | sed "s/^/# /"
echo "1..$n"
