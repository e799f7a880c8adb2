#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The frontends of frontends/ in tiny guests. SYSTEMS: xen-lite with our backends,
# which are killed meanwhile, as is the store (default); "stock", with those of
# Linux's kernel and Debian's tools, which save and migrate the guest; genuine Xen
# with these, which refuses to migrate it.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
export LIMIT=${LIMIT:-300}

tmp=$(mktemp -d) || die "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/extra/job"
cp "$BUILD"/tests/system/pv_{peer,wire} "$tmp/extra/job/"
# What the guest reads and writes in its regions 0 to 4 of 256 kB.
seq -f %015.0f 0 $((5 * 16384 - 1)) > "$tmp/extra/job/records"
script=tests/system/frontends.dom0
checks_if() { sed -n "/^if .* $1)/,/^fi/p" $script | grep -c '^    check "'; } # ARGUMENT
all=$(grep -c '^check "' $script) kills=$(checks_if kills) saves=$(checks_if saves) migrates=$(checks_if migrates)

# The example as README has it, with what is installed.
built() {
    cp -r "$DIST/install/usr/share/xen-lite/hello" "$tmp/hello" &&
        env -u MAKEFLAGS make -s -C "$tmp/hello" ROOT="$(realpath "$DIST/install")" hello && cp "$tmp/hello/hello" "$tmp/extra/job/"
}
in_readme() { diff <(sed -n '/^[^#]/s/^/    /p' frontends/hello/hello.cfg) <(sed -n '/^    name = /,/^    on_crash/p' frontends/README); }
said=$(built 2>&1) && result ok "the example is built with what is installed" ||
    { sed 's/^/# /' <<< "$said"; result "not ok" "the example is built with what is installed"; }
said=$(in_readme) && result ok "README has the example's configuration" ||
    { sed 's/^/# /' <<< "$said"; result "not ok" "README has the example's configuration"; }

for system in ${SYSTEMS:-xen-lite}; do
    case $system in
        genuine) checks_of genuine $((all + saves)) $script HYPERVISOR=genuine TOOLS=stock DOM0_ARGS="saves=yes" ;;
        stock) checks_of stock $((all + saves + migrates)) $script TOOLS=stock DOM0_ARGS="saves=yes migrates=yes" ;;
        *) checks_of "$system" $((all + kills)) $script TOOLS=ours DOM0_ARGS=kills=yes ;;
    esac
done
echo "1..$n"
