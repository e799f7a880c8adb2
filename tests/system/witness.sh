# SPDX-License-Identifier: MIT
#
# Functions for dom0 scripts (bash) about guests that run the witness: see
# witness.c. A guest's root is the ordinary one and the program.
. /usr/lib/xen-lite/dom0-lib.sh

n=0
tap() { # STATUS NAME
    n=$((n + 1))
    [ "$1" = 0 ] && echo "TAP ok $n - $2" || echo "TAP not ok $n - $2"
}
note() { sed 's/^/TAP # /'; }

# with_witness OUT: the guests' root with the program in it
with_witness() {
    mkdir -p /tmp/w/usr/bin
    cp /job/witness /tmp/w/usr/bin/
    (cd /tmp/w && find . | cpio -o -H newc 2> /dev/null) | cat /guest/initrd - > "$1"
}
# loop_disk DEVICE FILE: 8 MiB
loop_disk() {
    [ -e "$2" ] || head -c 8388608 /dev/zero > "$2"
    losetup "$1" "$2"
}
# witness_guest NAME LOOP ADDRESS MIB [LINE]: its configuration
witness_guest() {
    cat > "/tmp/$1.cfg" << C
name = "$1"
type = "pv"
kernel = "/guest/vmlinux"
ramdisk = "/tmp/initrd"
memory = $4
extra = "console=hvc0 quiet demo=no"
disk = [ "phy:/dev/loop$2,xvda,w" ]
vif = [ "bridge=xenbr0,mac=00:16:3e:00:00:$(printf %02d "${3##*.}")" ]
on_crash = "preserve"
${5:-}
C
    ADDRESS=$3
}
# bring_up NAME ARGUMENTS...: creates it and starts its witness
bring_up() {
    local name=$1
    shift
    timeout 90 xl create -q "/tmp/$name.cfg" < /dev/null && within 180 reported "$name" ready > /dev/null &&
        in_guest "$name" "ip addr add $ADDRESS/24 dev eth0; ip link set eth0 up" > /dev/null &&
        start_witness "$name" a "$@" && goes_on "$name" 3
}
# start_witness GUEST ITS-NAME ARGUMENTS...: a shell drops what is typed before
# its prompt.
start_witness() { within 60 said "$1" '^/ # ' && in_guest "$1" "witness ${*:2} & true" > /dev/null; }
rounds() { reported "$1" witness-a rounds || echo 0; }
# goes_on NAME ROUNDS: so many new rounds in good time
goes_on() {
    local from
    from=$(rounds "$1")
    within $(($2 * 10 + 20)) more_rounds "$1" $((from + $2))
}
more_rounds() { [ "$(rounds "$1")" -ge "$2" ]; }
# lost_nothing NAME: the last report has no error in it. Errors stay, so another
# look does no harm, if the last line is just being written.
lost_nothing() { within 3 no_error "$1"; }
no_error() { reported "$1" witness-a | grep -q ' memory=0 disk=0 back=0 gap='; }
# gap_within NAME MS: the longest step of its clock
gap_within() { [ "$(reported "$1" witness-a gap)" -le "$2" ]; }
answers_ping() { ping -c 3 -W 10 -q "$1" 2>&1 | grep -q ' 0% packet loss'; }
