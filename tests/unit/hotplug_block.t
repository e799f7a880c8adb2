#!/bin/bash
# SPDX-License-Identifier: MIT
# The hotplug script of disks, with a store of its own and real loop devices:
# it must find another user of a medium by whatever name.
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
PATH=$dir/bin:$PATH
export XENSTORED_RUNDIR=$dir XEN_HOTPLUG_LOCK_DIR=$dir/lock
clean_up() {
    exec 7>&- # its file system answers errors from now on
    mountpoint -q "$dir/dead" && umount "$dir/dead"
    mountpoint -q "$dir/mnt" && umount "$dir/mnt"
    swapoff "$dir/swap" 2> /dev/null
    tac "$dir/loops" | xargs -n 1 losetup -d
    kill "$(cat "$dir/pid")"
    rm -rf "$dir"
}
trap clean_up EXIT

out=$dir/out
. tests/unit/tap.sh
if ! losetup -f > "$dir/out" 2>&1 || [ "$(id -u)" != 0 ]; then
    echo "1..0 # SKIP no loop devices here"
    trap 'rm -rf "$dir"' EXIT
    exit 0
fi
mkdir "$dir"/{bin,mnt,dead}
for m in read write list exists rm; do
    ln -s "$PWD/build/bin/xenstore" "$dir/bin/xenstore-$m"
done
ln -s "$PWD/build/bin/xen-backendd" "$dir/bin"
build/bin/xenstored --no-domains --pid-file "$dir/pid" || exit 1

# disk DOMID MEDIUM MODE: the script is run for a disk of that domain; format=:
# what the toolstack says of it, script=: another name of it, kind=: of its backend
disk() {
    local back=/local/domain/0/backend/${kind:-vbd}/$1/51712
    xenstore-rm "$back" 2> /dev/null
    xenstore-write -R "/local/domain/$1/vm" "/vm/$1" "/local/domain/$1/name" "guest$1" \
        "$back/params" "$2" "$back/mode" "$3" "$back/frontend-id" "$1" "$back/state" 1
    [ -z "${format:-}" ] || xenstore-write "$back/format" "$format"
    XENBUS_PATH=$back timeout -s KILL 20 "${script:-dom0-scripts/hotplug/block}" add 7>&-
}
takes() { # MEDIUM MODE
    disk 9 "$1" "$2"
    local status=$?
    for key in hotplug-error physical-device-path; do
        xenstore-read "/local/domain/0/backend/${kind:-vbd}/9/51712/$key" 2> /dev/null
    done
    xenstore-rm "/local/domain/0/backend/${kind:-vbd}/9"
    return $status
}
refuses() { # TEXT MEDIUM MODE
    local said
    said=$(takes "$2" "$3") && return 1
    echo "said: $said"
    grep -q -- "$1" <<< "$said"
}
loop() { losetup -f --show "$@" | tee -a "$dir/loops"; }

for f in image mounted parts; do truncate -s 16M "$dir/$f"; done
dd if=/dev/zero of="$dir/swap" bs=1M count=4 status=none
mkfs.ext4 -q "$dir/mounted"
mkswap -q "$dir/swap" 2> /dev/null
chmod 600 "$dir/swap"
on_image=$(loop "$dir/image")
again=$(loop "$dir/image")
on_loop=$(loop "$on_image")
on_mounted=$(loop "$dir/mounted")
on_parts=$(loop -P "$dir/parts") # its partitions go with it

check "a file with loop devices that nobody uses is free" takes "$dir/image" w
check "no other user can take the scripts' lock" test "$(stat -c %a "$dir/lock")" = 700
check "a loop device is free" takes "$on_image" w

disk 1 "$dir/image" w
check "the file that a guest writes is refused" refuses "in use by guest1" "$dir/image" w
check "a loop device on the file that a guest writes is refused" refuses "in use by guest1" "$on_image" w
check "a loop device on a loop device on it is refused" refuses "in use by guest1" "$on_loop" w
check "a reader of what a guest writes is refused" refuses "in use by guest1" "$on_image" r
check "w! overrides" takes "$on_image" 'w!'
disk 1 "$on_image" w
check "the file of a loop device that a guest writes is refused" refuses "in use by guest1" "$dir/image" w
check "the file's other loop device is refused" refuses "in use by guest1" "$again" w
xenstore-rm /local/domain/0/backend/vbd/1/51712/state
check "what is left of a device is no user" takes "$dir/image" w
beside_own() { # MODE COMMAND...: the guest has the image already, as another disk
    local back=/local/domain/0/backend/vbd/9/51728
    xenstore-write $back/physical-device-id "$(stat -c file:%d:%i "$dir/image")" $back/mode "$1" $back/state 4
    "${@:2}"
}
check "a guest's two disks cannot write one file" beside_own w refuses "in use by guest9" "$dir/image" w
check "nor one what the other reads" beside_own r refuses "in use by guest9" "$on_image" w
check "they can both read it" beside_own r takes "$dir/image" r
on_linked() { # COMMAND...: a guest has a loop device on the image, by a path that is not there
    ln "$dir/image" "$dir/linked"
    local linked
    linked=$(loop "$dir/linked")
    rm "$dir/linked"
    disk 1 "$linked" w && "$@"
}
check "a loop device is found whose file has lost that name" on_linked refuses "in use by guest1" "$dir/image" w
on_hidden() { # COMMAND...: likewise, a path that is there for others
    local hidden
    hidden=$(unshare -m sh -c "mount --bind $dir $dir/mnt && losetup -f --show $dir/mnt/image" | tee -a "$dir/loops")
    disk 1 "$hidden" w && "$@"
}
check "so is one of another mount namespace" on_hidden refuses "in use by guest1" "$dir/image" w
xenstore-rm /local/domain/0/backend/vbd/1
# Somebody waits for the lock that we have.
waited_for() {
    local i
    for i in {1..100}; do
        grep -q -- "-> .*:$(stat -c %i "$1") " /proc/locks && return
        sleep 0.1
    done
}
removed_meanwhile() {
    local back=/local/domain/0/backend/vbd/9
    exec 8> "$dir/lock/block.lock"
    flock 8
    disk 9 "$1" w 8>&- &
    waited_for "$dir/lock/block.lock" # it has read the device's nodes
    xenstore-rm $back
    exec 8>&-
    wait $!
    ! xenstore-exists $back
}
check "a device that is removed meanwhile stays away" removed_meanwhile "$dir/image"
named_meanwhile() { # FILE: a guest gets a new loop device on it
    local back=/local/domain/0/backend/vbd/1/51712 status
    exec 8> "$dir/lock/block.lock"
    flock 8
    refuses "in use by guest1" "$1" w 8>&- &
    waited_for "$dir/lock/block.lock"
    xenstore-write $back/physical-device-id "$(dev_of "$(loop "$1")")" $back/mode w $back/state 4
    exec 8>&-
    wait $!
    status=$?
    xenstore-rm $back
    return $status
}
dev_of() { cat "/sys/block/${1#/dev/}/dev"; }
lies_on() { build/bin/xen-backendd --loops | grep -xF "$(dev_of "$1") $2"; }
check "xen-backendd tells on which file a loop device lies" lies_on "$on_image" "$(stat -c file:%d:%i "$dir/image")"
check "and on which device" lies_on "$on_loop" "$(dev_of "$on_image")"
check "a name that the medium gets meanwhile is seen" named_meanwhile "$dir/image"
disk 1 "$dir/image" r
check "a reader of what a guest reads is let in" takes "$on_image" r
check "a writer of what a guest reads is refused" refuses "in use by guest1" "$on_image" w
xenstore-rm /local/domain/0/backend/vbd/1

# Linux's driver and processes of ours, side by side.
kind=qdisk disk 1 "$dir/image" w
check "what a process serves beside the kernel's driver is in use" refuses "in use by guest1" "$on_image" w
check "also for another that a process serves" eval 'kind=qdisk refuses "in use by guest1" "$dir/image" w'
xenstore-rm /local/domain/0/backend/qdisk/1
beside_driver() { # COMMAND...: where the driver is loaded
    unshare -m bash -c "
        mount -t tmpfs none /sys/bus && mkdir -p /sys/bus/xen-backend/drivers/vbd || exit
        dir=$dir; $(declare -f disk takes refuses); $*"
}
check "the kernel's driver gets a block device" beside_driver takes "$on_image" w
check "a file is not for it" beside_driver refuses \'block devices alone\' "$dir/image" w
check "nor is an empty drive" beside_driver refuses \'an empty drive\' \'\' r
check "nor what has a URI" beside_driver refuses \'block devices alone\' nbd://127.0.0.1:1 r
check "a process takes a file beside it" beside_driver kind=qdisk takes "$dir/image" w

# A file system whose server does not answer.
dead_server() { exec 7<> /dev/fuse && mount -i -t fuse -o fd=7,rootmode=40000,user_id=0,group_id=0 dead "$dir/dead"; }
takes_soon() { # SECONDS MEDIUM MODE
    local begin=$SECONDS
    takes "$2" "$3" && [ $((SECONDS - begin)) -le "$1" ]
}
if dead_server 2> /dev/null; then
    back=/local/domain/0/backend/vbd/1/51712
    xenstore-write $back/physical-device-path "$dir/dead/image" $back/mode w $back/state 4
    check "nobody can tell that a medium is not what a dead server has" refuses "nobody can tell what $dir/dead/image is" "$dir/image" w
    xenstore-write $back/physical-device-id file:1:1
    check "but of what the script itself has named" takes_soon 10 "$dir/image" w
    xenstore-rm /local/domain/0/backend/vbd/1
    disk 1 "$dir/dead/image" w 7>&- &
    stuck=$!
    check "a disk on a dead server is waited for without the lock" takes_soon 10 "$dir/image" w
    exec 7>&-
    wait $stuck
    umount "$dir/dead"
    xenstore-rm /local/domain/0/backend/vbd/1
fi

cp --sparse=always "$dir/image" "$dir/back\\slash"
named() { disk 9 "$1" w && [ "$(xenstore-read -R /local/domain/0/backend/vbd/9/51712/physical-device-path)" = "$1" ]; }
check "a name may have a backslash" named "$dir/back\\slash"
xenstore-rm /local/domain/0/backend/vbd/9

qemu-img create -q -f qcow2 "$dir/qcow2" 16M
ln -s "$PWD/dom0-scripts/hotplug/hotplug-common.sh" "$PWD/dom0-scripts/hotplug/block" "$dir"
ln -s block "$dir/block-nbd"
is_told() { # PATH MEDIUM MODE
    takes "$2" "$3" | grep -xF -- "$1"
}
format=qcow2
check "an image of a format is free" takes "$dir/qcow2" w
check "what is no image of the format is refused" refuses "not in qcow2 format" "$dir/image" w
disk 1 "$dir/qcow2" w
check "an image that a guest writes is refused" refuses "in use by guest1" "$dir/qcow2" w
format=
check "so is its file, as a raw one" refuses "in use by guest1" "$dir/qcow2" w
qemu-nbd --fork -t -e 9 -f raw --pid-file="$dir/nbd-pid" -k "$dir/nbd" "$dir/image"
cat > "$dir/who" << 'E'
#!/bin/sh
echo "$(id -u) $(id -G) $(sed -n 's/CapPrm:.0*//p' /proc/self/status)" >&2
exit 1
E
chmod 755 "$dir/who"
is_looked_into_with() { # CAPABILITIES MEDIUM
    unshare -m bash -c "
        dir=$dir; $(declare -f disk takes refuses)
        mount --bind $dir/who /usr/bin/qemu-img && format=qcow2 refuses '^65534 65534 $1$' $2 w"
}
cp --sparse=always "$dir/image" "$dir/x+unix:y"
check "who looks into an image may read files, and nothing else" is_looked_into_with 4 "$dir/image"
check "so may who looks into one that is named like a socket" is_looked_into_with 4 "$dir/x+unix:y"
check "so may who looks into what is elsewhere and named so there" is_looked_into_with 4 "rbd:pool/x+unix:y"
check "who looks into what is behind a socket may write files" is_looked_into_with 2 "gluster+unix:///x?socket=/y"
nbd="nbd+unix:///?socket=$dir/nbd"
check "what has a URI is taken as it is named" is_told "$nbd" "$nbd" w
check "block-nbd puts back what the toolstack took off" eval \
    'script=$dir/block-nbd is_told "nbd:unix:$dir/nbd" "unix:$dir/nbd" w'
disk 1 "$nbd" w
check "a URI that a guest writes is refused" refuses "in use by guest1" "$nbd" w
same="nbd:unix:$dir/nbd"
check "so is the same export, however it is written" refuses "in use by guest1" "$same" w
ln -s "$dir/nbd" "$dir/nbd-link"
check "and by another name of its socket" refuses "in use by guest1" "nbd:unix:$dir/nbd-link" w
check "w! overrides that, too" takes "$same" 'w!'
xenstore-write /local/domain/0/backend/vbd/1/51712/physical-device-id "nbd:unix:$dir/nbd"
check "and what a former version of this script has written" refuses "in use by guest1" "$nbd" w
# Where names are compared: nobody is asked.
canonically() { # NAME URI...
    local uri
    for uri in "${@:2}"; do
        [ "$(bash -c "$(sed -n '/^canonical()/,/^}/p' dom0-scripts/hotplug/block); canonical '$uri'")" = "$1" ] || return
    done
}
check "an export has one name" canonically "nbd h:10809 x" nbd://h/x nbd://h:10809/x nbd+tcp://H/x nbd:h:10809:exportname=x nbd:h:exportname=x
check "a port has one number" canonically "nbd h:10809 x" nbd://h:010809/x nbd:h:00010809:exportname=x
check "so has one without a name of its own" canonically "nbd h:10809 " nbd://h nbd://h/ nbd:h:10809 nbd:H nbd:h:10809:exportname=
check "so has one at an address of IPv6" canonically "nbd ::1:10809 x/y" "nbd://[::1]/x/y" "nbd:[::1]:10809:exportname=x/y"
refuses_ports() { # PORT...
    local port
    for port; do refuses "the port must be a number" "nbd:127.0.0.1:$port" w || return; done
}
check "a port is a number" refuses_ports nbd 0x2a +7 0 76345 1a ""
check "so has one at a socket" canonically "nbd unix:/s x" "nbd+unix:///x?socket=/s" "nbd:unix:/s:exportname=x"
check "other ports and exports are others" eval '! canonically "nbd h:10809 x" nbd://h:1/x && ! canonically "nbd h:10809 x" nbd://h/y'
check "other URIs are as they are written" canonically rbd:Pool/x rbd:Pool/x
xenstore-rm /local/domain/0/backend/vbd/1
kill "$(cat "$dir/nbd-pid")"
check "a URI that nobody serves is refused" refuses "$dir/nbd" "nbd:unix:$dir/nbd" w
check "a URI of an unknown scheme is refused" refuses "Unknown protocol 'what'" "what:ever" w

mount "$on_mounted" "$dir/mnt"
check "a mounted device is refused" refuses "is mounted" "$on_mounted" w
check "a refused device that is removed meanwhile stays away" removed_meanwhile "$on_mounted"
check "the file of a mounted loop device is refused" refuses "is mounted" "$dir/mounted" w
check "a reader of what is mounted to be written is refused" refuses "is mounted" "$dir/mounted" r
mount -o remount,ro,bind "$dir/mnt"
check "a mount that is read-only while its file system is not counts as written" refuses "is mounted" "$on_mounted" r
umount "$dir/mnt"
mount -r "$on_mounted" "$dir/mnt"
check "a reader of what is mounted read-only is let in" takes "$dir/mounted" r
check "a writer of what is mounted read-only is refused" refuses "is mounted" "$dir/mounted" w
umount "$dir/mnt"
check "what was mounted is free again" takes "$dir/mounted" w

# What is mounted where this script does not look: through a loop device.
elsewhere() { # DEVICE COMMAND...
    unshare -m sh -c "mount $1 $dir/mnt && : > $dir/is_mounted && exec sleep 1000" &
    local mounted=$! status i
    for i in {1..100}; do
        [ -e "$dir/is_mounted" ] && break
        sleep 0.1
    done
    "${@:2}"
    status=$?
    kill $mounted
    wait $mounted 2> /dev/null
    rm -f "$dir/is_mounted"
    return $status
}
moves() { # FROM TO MODE [MODE]: the same machine has it by another name, to do that
    disk 8 "$1" "${4:-w!}"
    xenstore-write /local/domain/8/vm /vm/9
    takes "$2" "$3"
    local status=$?
    xenstore-rm /local/domain/0/backend/vbd/8
    xenstore-rm /local/domain/8
    return $status
}
check "the file of a loop device that is mounted elsewhere is refused" elsewhere "$on_mounted" refuses "in use through $on_mounted" "$dir/mounted" w
check "but not that of one that this machine has elsewhere" elsewhere "$on_mounted" moves "$on_mounted" "$dir/mounted" w
check "but that of one that it only reads there" elsewhere "$on_mounted" eval 'moves "$on_mounted" "$dir/mounted" w r | grep "in use through $on_mounted"'
other_mounted=$(loop "$dir/mounted")
check "and that of another one than it has" elsewhere "$on_mounted" eval 'moves "$other_mounted" "$dir/mounted" w | grep "in use through $on_mounted"'
answering() { # COMMANDS COMMAND...: this is xen-backendd meanwhile; '': there is none
    local status
    mv "$dir/bin/xen-backendd" "$dir/answers"
    [ -z "$1" ] || printf '#!/bin/sh\n%s\n' "$1" > "$dir/bin/xen-backendd"
    chmod -f 755 "$dir/bin/xen-backendd"
    "${@:2}"
    status=$?
    mv "$dir/answers" "$dir/bin/xen-backendd"
    return $status
}
but_loops="[ \$1 != --loops ] || exec $PWD/build/bin/xen-backendd --loops"
for answer in 'kill -9 $$' 'exit 2' 'exit 127'; do
    check "who ends with '$answer' has not said that a loop device is free" answering "$but_loops; $answer" \
        refuses "nobody can tell who uses /dev/loop" "$dir/mounted" w
    check "nor what one lies on" answering "$answer" refuses "nobody can tell what this host's loop" "$dir/mounted" w
done
check "nor has one who is not there" answering '' refuses "nobody can tell what this host's loop" "$dir/mounted" w
check "who says so is believed" answering "$but_loops; exit 1" takes "$dir/mounted" w
in_use_says() { # STATUS DEVICE
    build/bin/xen-backendd --in-use "$2"
    [ $? = "$1" ]
}
check "xen-backendd knows a device that nobody uses" in_use_says 1 "$on_mounted"
check "and says what it cannot tell" eval 'in_use_says 2 "$dir/none" && in_use_says 2 "$dir/image"'
check "w! overrides that" elsewhere "$on_mounted" takes "$dir/mounted" 'w!'
check "a reader of what is mounted read-only elsewhere is let in" elsewhere "-r $on_mounted" takes "$dir/mounted" r
check "what is the medium itself is the backend's to find" elsewhere "$on_mounted" takes "$on_mounted" w
check "its file is free when nobody has it mounted" takes "$dir/mounted" w

mv "$dir/swap" "$dir/of 100% swap"
if swapon "$dir/of 100% swap" 2> /dev/null; then
    check "a swap file with a space in its name is refused" refuses "swap space" "$dir/of 100% swap" w
    swapoff "$dir/of 100% swap"
fi
mv "$dir/of 100% swap" "$dir/swap"
if swapon "$dir/swap" 2> /dev/null; then
    check "a swap file is refused" refuses "swap space" "$dir/swap" w
    check "a reader of a swap file is refused" refuses "swap space" "$dir/swap" r
fi

if addpart "$on_parts" 1 2048 8192 && addpart "$on_parts" 2 16384 8192; then
    disk 1 "${on_parts}p1" w
    check "the partition that a guest writes is refused" refuses "in use by guest1" "${on_parts}p1" w
    check "the disk of a partition that a guest writes is refused" refuses "in use by guest1" "$on_parts" w
    check "the file of that disk is refused" refuses "in use by guest1" "$dir/parts" w
    check "the partition beside it is free" takes "${on_parts}p2" w
    disk 1 "$on_parts" w
    check "a partition of the disk that a guest writes is refused" refuses "in use by guest1" "${on_parts}p2" w
fi
echo "1..$n"
