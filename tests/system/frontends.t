#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The frontends of frontends/ in tiny guests. SYSTEMS, each of a hypervisor and who
# serves the devices: xen-lite (default) and genuine-ours, our backends, which are
# killed KILLS (3) times meanwhile, and the store; stock and genuine, Linux's
# kernel, with Debian's tools, which save the guest, and migrate it unless genuine
# Xen refuses; qdisk and genuine-qdisk, QEMU for the disk. Each device is
# connected anew CLOSES (1) times. With several, a table at the end.
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

systems=(${SYSTEMS:-xen-lite})
case " ${systems[*]}" in *qdisk*)
    fetch closure $(packages qdisk) >&2 || die "QEMU's packages were not fetched, see above"
    put_qemu "$tmp/images/qemu"
    mke2fs -q -t ext4 -d "$tmp/images" "$tmp/images.img" 512M
    ;;
esac

# table_row SYSTEM HYPERVISOR BACKENDS: what its log has, of each kind of check
column() { echo "$(grep -c "TAP ok .*\($1\)" "$log")/$(grep -c "TAP \(not \)\?ok .*\($1\)" "$log")"; }
row() { rows+=("$(printf '# %-10s %-14s %6s %8s %8s %8s %8s %8s %8s' "$@")"); }
table_row() {
    local log=$tmp/$1.log
    row "$2" "$3" "$(column '')" "$(column 'on the disk\|it has read')" "$(column 'frames go')" "$(column killed)" \
        "$(column 'connected anew')" "$(column 'saved\|restored')" "$(column migrated)"
}
rows=()
row hypervisor backends checks disk frames killed closed saved migrated
closes=closes=${CLOSES:-1}
for system in "${systems[@]}"; do
    case $system in
        genuine*) xen=genuine name=Xen most=$((all + saves)) args="saves=yes $closes" ;;
        *) xen=${HYPERVISOR:-} name=xen-lite most=$((all + saves + migrates)) args="saves=yes migrates=yes $closes" ;;
    esac
    case $system in
        *qdisk)
            IMAGES=$tmp/images.img checks_of "$system" $most $script HYPERVISOR=$xen TOOLS=stock DOM0_ARGS="disk=qdisk $args"
            table_row "$system" $name "QEMU, Linux"
            ;;
        genuine | stock)
            checks_of "$system" $most $script HYPERVISOR=$xen TOOLS=stock DOM0_ARGS="$args"
            table_row "$system" $name Linux
            ;;
        *)
            checks_of "$system" $((all + kills)) $script HYPERVISOR=$xen TOOLS=ours DOM0_ARGS="kills=${KILLS:-3} $closes"
            table_row "$system" $name ours
            ;;
    esac
done
[ ${#systems[@]} = 1 ] || printf '%s\n' "${rows[@]}"
echo "1..$n"
