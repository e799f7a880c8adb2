#!/bin/bash
# SPDX-License-Identifier: MIT
#
# xl and libxl with our store, console daemon and backends, on genuine Xen and
# on xen-lite: what is refused, and the life of a guest.
cd "$(dirname "$0")/../.." || exit 1
export IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"

n=0
tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/extra/job"
cp "$BUILD/guests/version" "$tmp/extra/job/tiny" # a small kernel
checks=$(grep -c '^ *check "' tests/system/toolstack.dom0)

result() { # ok|"not ok" NAME
    n=$((n + 1))
    echo "$1 $n - $2"
}

run() { # NAME [VARIABLE=VALUE...]
    local name=$1 before=$n
    shift
    : > "$tmp/log"
    env EXTRA="$tmp/extra" LOG="$tmp/log" LIMIT="${LIMIT:-900}" "$@" bash -c \
        ". $IMAGE_DIR/lib.sh; in_dom0 tests/system/toolstack.dom0" > "$tmp/out" 2>&1
    while read -r line; do
        case $line in
            "XL ok "*) result ok "$name: ${line#XL ok }" ;;
            "XL not ok "*) result "not ok" "$name: ${line#XL not ok }" ;;
            "XL # "*) echo "${line#XL }" ;;
        esac
    done < <(tr -d '\r' < "$tmp/log" | sed -n 's/^.*\(XL [no#]\)/\1/p')
    # Every check must have been made: a run that stops early is a failure.
    if [ $((n - before)) = "$checks" ]; then
        result ok "$name: ran to its end"
    else
        result "not ok" "$name: ran to its end"
        cat "$tmp"/{out,log} | tail -n 15 | tr -d '\r' | sed 's/^/# /'
    fi
}

for system in ${SYSTEMS:-genuine xen-lite}; do
    [ "$system" = genuine ] && run genuine HYPERVISOR=genuine TOOLS=ours || run xen-lite TOOLS=ours
done
echo "1..$n"
