# SPDX-License-Identifier: MIT
#
# Functions (bash) for tests whose checks are made by a script in dom0: sourced
# in the top folder of the tree.
export IMAGE_DIR=dom0-scripts/image
. "$IMAGE_DIR/lib.sh"

# guest_kernel DIR: DIR, a tree for dom0 (EXTRA), gets Debian's kernel for
# guests, unpacked
guest_kernel() {
    fetch_vmlinux > /dev/null
    mkdir -p "$1"/{guest,job}
    cp "$VMLINUX" "$1/guest/vmlinux"
}
# witness DIR: and the program that watches over a guest, see witness.c
witness() { cp "$BUILD/tests/system/witness" tests/system/witness.sh "$1/job/"; }

# tap_of SCRIPT: runs it in dom0 and passes its TAP on; without its plan at the
# end it has not come to its end. Uses the variables of in_dom0.
tap_of() {
    local out
    out=$(mktemp) && LOG=$(mktemp) || die "no temporary file"
    in_dom0 "$1" > "$out" 2>&1
    tr -d '\r' < "$LOG" | sed -n 's/^TAP //p' > "$out.tap"
    cat "$out.tap"
    if ! grep -q '^1\.\.' "$out.tap"; then
        tail -n 25 "$out" | sed 's/^/# /'
        echo "not ok 999 - the script in dom0 came to its end"
        echo "1..999"
    fi
    rm -f "$LOG" "$out" "$out.tap"
}
