#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a guest has flushed is there after a power cut: QEMU logs what reaches
# dom0's disk while a guest writes, its backend being killed now and then; then
# the disk is made as it can have been at POINTS (50) instants, and looked at.
# See power_cut.dom0 and power_cut.py.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
guest_kernel "$tmp/extra"
truncate -s 256M "$tmp/disk" && mke2fs -q -t ext4 "$tmp/disk" 192M && cp --sparse=always "$tmp/disk" "$tmp/before" || exit 1
: > "$tmp/log"

export EXTRA="$tmp/extra" LIMIT=600 LOG="$tmp/console" DOM0_ARGS="seconds=${SECONDS_OF_WORK:-150}"
in_dom0 tests/long/power_cut.dom0 \
    -blockdev "driver=file,node-name=disk,filename=$tmp/disk" \
    -blockdev "driver=file,node-name=log,filename=$tmp/log" \
    -blockdev driver=blklogwrites,node-name=logged,file=disk,log=log,log-super-update-interval=1 \
    -device virtio-blk-pci,drive=logged,addr=0x10 > "$tmp/out" 2>&1
[ $? = 0 ] && result ok "the guest has written" || { result "not ok" "the guest has written"; tail -n 20 "$tmp/out" | sed 's/^/# /'; }
tr -d '\r' < "$LOG" | sed -n 's/^TAP # /# /p'
python3 tests/long/power_cut.py "$tmp/before" "$tmp/log" "${POINTS:-50}" "${SEED:-1}" > "$tmp/result" 2>&1 &&
    result ok "at each of ${POINTS:-50} instants all is there that was flushed" ||
    result "not ok" "at each of ${POINTS:-50} instants all is there that was flushed"
sed 's/^/# /' "$tmp/result"
echo "1..$n"
