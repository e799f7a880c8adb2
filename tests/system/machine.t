#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A Debian 12 machine on which README's recipe is followed: the tree is
# installed, update-grub runs, the machine starts from its disk as its GRUB
# decides. On its serial console someone logs in and works with xl; then the
# same disk starts plain Linux.
cd "$(dirname "$0")/../.." || exit 1
. tests/system/lib.sh
. tests/system/machine.sh
work=$(mktemp -d) || die "no temporary directory"
trap 'kill $machine 2> /dev/null; rm -rf "$work"' EXIT
script=tests/system/machine.dom0
machine=

# What `make install DESTDIR=/` does, in the machine.
install_there() {
    mkdir -p "$work/archive/root"
    cp -a "$DIST/install" "$work/archive/tree"
    cp dom0-scripts/init/install "$work/archive/install"
    cp "$script" dom0-scripts/image/dom0-lib.sh "$work/archive/root/"
    "$IMAGE_DIR/mkguest" "$work/archive/root/guest-initrd" || return 1
    tar -C "$work/archive" --owner=0 --group=0 -cf "$work/archive.tar" . &&
        in_system "$work/disk" "$work/archive.tar" << 'J'
mkdir /opt/new && tar -C /opt/new -xf /dev/vdb && cp /opt/new/root/* /root/ || exit
/opt/new/install /opt/new/tree / && update-grub || exit
rm -r /opt/new
J
}

# appears REGEX SECONDS: on the console, after what has been seen of it
seen=1
appears() {
    local end=$((SECONDS + $2))
    until tail -c +$seen "$work/console" | tr -d '\r' | grep -aqE -- "$1"; do
        [ $SECONDS -lt $end ] && kill -0 $machine 2> /dev/null || return 1
        sleep 0.3
    done
    seen=$(($(stat -c %s "$work/console") + 1))
}
type_line() { printf '%s\n' "$1" >&"$keys"; }
# Where domain 0 and the CPUs are, whom the hypervisor waits for.
ask_hypervisor() {
    local key
    kill -0 $machine 2> /dev/null || { echo "# the machine has ended"; return; }
    printf '\001\001\001' >&"$keys"
    for key in 0 d q r e a; do printf $key >&"$keys"; sleep 1; done
    printf '\001\001\001' >&"$keys"
}

# checks_in WHERE NUMBER: log in, run the script's part of that name and pass on
# what it says
checks_in() {
    local name=$1 before=$n line from=$seen
    if appears 'login: ' 240; then
        type_line root
        appears '# ' 60
        from=$seen
        type_line "bash /root/${script##*/} $name"
        appears 'TAP end' 400
    fi
    while read -r line; do
        case $line in
            "ok "*) result ok "$name: ${line#ok }" ;;
            "not ok "*) result "not ok" "$name: ${line#not ok }" ;;
            "# "*) echo "$line" ;;
        esac
    done < <(tail -c +"$from" "$work/console" | tr -d '\r' | sed -n 's/^.*TAP \([no#]\)/\1/p')
    [ $((n - before)) = "$2" ] && return
    ask_hypervisor
    tail -c 24000 "$work/console" | tr -d '\r' | tail -n 200 | sed 's/^/# /'
    result "not ok" "$name: all $2 checks are made"
}

tests/system/mkmachine "$work/disk" > "$work/out" 2>&1 || { tail -n 20 "$work/out" | sed 's/^/# /'; die "no disk"; }
if install_there > "$work/out" 2>&1; then
    result ok "install: the tree is installed and update-grub runs"
else
    tail -n 20 "$work/out" | sed 's/^/# /'
    result "not ok" "install: the tree is installed and update-grub runs"
fi

mkfifo "$work/keys"
exec {keys}<> "$work/keys"
LIMIT=${LIMIT:-900} start_machine "$work/disk" -serial stdio < "$work/keys" > "$work/console" 2>&1 &
machine=$!
for where in xen plain; do
    checks_in $where "$(sed -n "/^$where() {/,/^}/p" $script | grep -c '^ *check "')"
done
echo "1..$n"
