# SPDX-License-Identifier: MIT
#
# Shell functions (bash) shared by the scripts that make images and start QEMU,
# here and in tests/. Source it with IMAGE_DIR set to this folder's path.
#
# Debian packages come by apt, which checks their signatures, and are kept in
# $XEN_LITE_CACHE: archives/ as downloaded, root/ unpacked. An image takes its
# files from root/ alone, so the host's own set-up does not show in it.

set -u -o pipefail
XEN_LITE_CACHE=${XEN_LITE_CACHE:-$HOME/.cache/xen-lite}
PKG_ROOT=$XEN_LITE_CACHE/root
TREE=$(cd "$IMAGE_DIR/../.." && pwd)
BUILD=${BUILD:-$TREE/build} # make's object tree
DIST=${DIST:-$TREE/dist}    # what it delivers
export BUILD DIST XEN_LITE_CACHE
STREAM=$BUILD/image/stream
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# --- packages ---------------------------------------------------------------
# packages GROUP...: the names in these groups
packages() {
    local g
    for g in "$@"; do sed -n "s/^$g  *//p" "$IMAGE_DIR/packages"; done | tr -s ' \n' ' '
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo > /dev/null; then sudo "$@"
    else die "this needs root: $* (no sudo here; run it as root, then try again)"; fi
}

# apt_of PROGRAM ARGUMENT...: apt-get or apt-cache. When SUITE is set, it reads
# that suite of Debian's, not what the machine is set up for: settings, lists
# and status are files of its own in the cache.
apt_of() {
    local program=$1 dir=$XEN_LITE_CACHE/apt-${SUITE:-} own=()
    shift
    [ -z "${SUITE:-}" ] || own=(-o "Dir::State=$dir" -o "Dir::State::status=/dev/null" -o "Dir::Cache=$dir"
        -o "Dir::Etc::sourcelist=$dir/sources.list" -o "Dir::Etc::sourceparts=-" -o "APT::Sandbox::User=root")
    "$program" "${own[@]}" "$@"
}

# debian_mirror: where the machine has Debian 12 from. Other suites, and sources,
# are taken from there, too, signed with a key of DEBIAN_KEYS.
DEBIAN_KEYS=/usr/share/keyrings/debian-archive-keyring.gpg
debian_mirror() {
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Component: main' 'Created-By: Packages' | head -n 1)
    [ -n "$mirror" ] || die "apt knows no mirror of Debian 12: add its main to /etc/apt/sources.list and run apt-get update"
    echo "$mirror"
}

# read_lists: the package lists, anew.
read_lists() {
    local mirror dir=$XEN_LITE_CACHE/apt-${SUITE:-}
    [ -n "${SUITE:-}" ] || { as_root apt-get update; return; }
    mirror=$(debian_mirror) || exit 1
    mkdir -p "$dir/lists/partial" "$dir/archives/partial"
    echo "deb [arch=amd64 signed-by=$DEBIAN_KEYS] $mirror $SUITE main" > "$dir/sources.list"
    apt_of apt-get -q -o Acquire::Languages=none --error-on=any update ||
        die "apt cannot read Debian's $SUITE from $mirror, see its message above: choose a mirror that serves $SUITE in /etc/apt/sources.list; if it is a key that is missing, run 'apt-get install debian-archive-keyring'; then try again"
}

# must_know PACKAGE: apt has it in its lists
must_know() {
    apt_of apt-cache show "$1" > /dev/null 2>&1 && return
    [ -z "${SUITE:-}" ] || die "Debian's $SUITE has no package $1: remove $XEN_LITE_CACHE/apt-$SUITE and try again"
    die "apt knows no package $1: add Debian 12's main to /etc/apt/sources.list and run apt-get update"
}

# install_packages GROUP...: on this machine, those that are missing
install_packages() {
    local p missing=()
    for p in $(packages "$@"); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2> /dev/null)" = installed ] ||
            missing+=("$p")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}" && return
    say "that failed; reading the package lists anew"
    as_root apt-get update
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}" && return
    for p in "${missing[@]}"; do must_know "$p"; done
    die "apt-get could not install ${missing[*]}: see its message above, run 'apt-get install ${missing[*]}' yourself, then try again"
}

# apt_download closure|alone PACKAGE...: into archives/. With "closure", what
# they depend on comes along, found by apt against an empty status file.
apt_download() {
    local how=$1
    shift
    mkdir -p "$XEN_LITE_CACHE/archives/partial"
    if [ "$how" = alone ]; then
        (cd "$XEN_LITE_CACHE/archives" && apt_of apt-get -q -o APT::Sandbox::User=root download "$@")
    else
        apt-get -q -y --no-install-recommends --download-only \
            -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
            -o Dir::State::status=/dev/null -o Dir::Cache::archives="$XEN_LITE_CACHE/archives" \
            -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
            install "$@"
    fi
}

# fetch closure|alone PACKAGE...: download and unpack once; a list of names is
# fetched again when it changes.
fetch() {
    local how=$1 stamp p deb before lock
    shift
    stamp=$XEN_LITE_CACHE/stamps/$(printf '%s\n' "$how" "$@" | sha256sum | cut -c1-16)
    [ ! -e "$stamp" ] || return 0
    mkdir -p "$XEN_LITE_CACHE"
    exec {lock}> "$XEN_LITE_CACHE/lock" # several runs may share the cache
    flock "$lock"
    mkdir -p "$XEN_LITE_CACHE/stamps" "$PKG_ROOT"/usr/{bin,sbin,lib,lib64}
    for p in bin sbin lib lib64; do [ -L "$PKG_ROOT/$p" ] || ln -s "usr/$p" "$PKG_ROOT/$p"; done
    say "fetching $*"
    if ! apt_download "$how" "$@"; then
        say "that failed; reading the package lists anew"
        read_lists
        for p in "$@"; do must_know "$p"; done
        apt_download "$how" "$@" || die "apt-get could not download $*: check the network and run the same command again"
    fi
    for deb in "$XEN_LITE_CACHE"/archives/*.deb; do
        before=$XEN_LITE_CACHE/stamps/$(basename "$deb")
        [ ! -e "$before" ] || continue
        dpkg-deb --fsys-tarfile "$deb" |
            tar -x --keep-directory-symlink --no-same-owner -C "$PKG_ROOT" ||
            die "cannot unpack $deb: remove it and try again"
        touch "$before"
    done
    touch "$stamp"
    exec {lock}>&-
}

# fetch_source PACKAGE: sets SOURCE, the folder of a source package of Debian 12,
# or of SUITE, with Debian's patches. Lists of sources are read for it alone.
fetch_source() {
    local suite=${SUITE:-bookworm} dir mirror lock apt
    dir=$XEN_LITE_CACHE/source-$suite
    SOURCE=$(readlink -e "$dir/$1") && return
    apt=(apt-get -q -o "Dir::State=$dir" -o Dir::State::status=/dev/null -o "Dir::Cache=$dir"
        -o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root)
    mkdir -p "$dir/lists/partial" "$dir/archives/partial"
    exec {lock}> "$XEN_LITE_CACHE/lock"
    flock "$lock"
    say "fetching the source of $1"
    mirror=$(debian_mirror) || exit 1
    echo "deb-src [signed-by=$DEBIAN_KEYS] $mirror $suite main" > "$dir/sources.list"
    "${apt[@]}" -o Acquire::Languages=none --error-on=any update &&
        (cd "$dir" && "${apt[@]}" --download-only source "$1") ||
        die "apt-get could not download the source of $1 from $mirror, see its message above: check the network and run the same command again; if it is a key that is missing, run 'apt-get install debian-archive-keyring'"
    (cd "$dir" && dpkg-source -q -x "$1"_*.dsc) || die "cannot unpack $dir/$1_*.dsc: remove $dir and try again"
    ln -sfn "$(cd "$dir" && ls -d "$1"-*/ | head -n 1)" "$dir/$1"
    SOURCE=$(readlink -e "$dir/$1")
    rm -rf "$dir/lists" "$dir"/*.bin
    exec {lock}>&-
}

# kernel_of FLAVOUR: the version of Debian's newest kernel of that flavour
kernel_of() {
    apt_of apt-cache depends "linux-image-$1" 2> /dev/null |
        sed -n 's/.*Depends: linux-image-\([0-9].*\)/\1/p' | head -n 1
}

# fetch_kernel [FLAVOUR]: sets KVER and KERNEL; amd64 or cloud-amd64. With
# SUITE, that suite's.
fetch_kernel() {
    KVER=$(kernel_of "${1:-amd64}")
    if [ -z "$KVER" ]; then
        read_lists
        must_know "linux-image-${1:-amd64}"
        KVER=$(kernel_of "${1:-amd64}")
    fi
    fetch alone "linux-image-$KVER"
    KERNEL=$PKG_ROOT/boot/vmlinuz-$KVER
}

# fetch_vmlinux: sets VMLINUX, the ELF file inside Debian's kernel. A test that
# starts many guests has them start from this: nothing is unpacked then.
fetch_vmlinux() {
    local offset new
    fetch_kernel
    VMLINUX=$XEN_LITE_CACHE/vmlinux-$KVER
    [ ! -s "$VMLINUX" ] || return 0
    new=$(mktemp "$VMLINUX.XXXXXX") || die "cannot write $VMLINUX"
    for offset in $(grep -aobP '\xfd7zXZ\x00' "$KERNEL" | cut -d: -f1); do
        tail -c +$((offset + 1)) "$KERNEL" | xz -dc > "$new" 2> /dev/null
        readelf -h "$new" > /dev/null 2>&1 && mv "$new" "$VMLINUX" && return
    done
    rm -f "$new"
    die "no xz payload with an ELF file in $KERNEL"
}

# fetch_xen: sets GENUINE_XEN, Debian's hypervisor as QEMU's -kernel takes it
fetch_xen() {
    fetch closure $(packages stock)
    GENUINE_XEN=$XEN_LITE_CACHE/xen-4.17
    [ -s "$GENUINE_XEN" ] ||
        gzip -dc "$PKG_ROOT"/boot/xen-4.17-amd64.gz > "$GENUINE_XEN" || die "no Xen in its package"
}

# --- images -------------------------------------------------------------------
# put DEST FILE...: files of the unpacked packages, at the same path in DEST
put() {
    local dest=$1 f
    shift
    for f in "$@"; do
        [ -e "$PKG_ROOT/$f" ] || [ -L "$PKG_ROOT/$f" ] || die "no file $f in the packages"
        mkdir -p "$dest/$(dirname "$f")"
        cp -a "$PKG_ROOT/$f" "$dest/$f"
    done
}

# put_libraries DEST: the shared libraries that programs in DEST ask for
put_libraries() {
    local lib found again=1
    mkdir -p "$1/usr/lib/x86_64-linux-gnu" "$1/usr/lib64"
    cp -L "$PKG_ROOT/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$1/usr/lib64/"
    while [ -n "$again" ]; do
        again=
        for lib in $(find "$1" -type f \( -perm /111 -o -name '*.so*' \) ! -name '*.ko' -print0 |
            xargs -0 readelf -d 2> /dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u); do
            [ ! -e "$1/usr/lib/x86_64-linux-gnu/$lib" ] || continue
            [ ! -e "$1/usr/lib/xen-lite/$lib" ] || continue
            [ "$lib" != ld-linux-x86-64.so.2 ] || continue
            found=$(find "$PKG_ROOT/usr/lib/x86_64-linux-gnu" -maxdepth 1 -name "$lib" | head -n 1)
            [ -n "$found" ] || die "library $lib is in no package of dom0-scripts/image/packages"
            cp -L "$found" "$1/usr/lib/x86_64-linux-gnu/$lib"
            again=1
        done
    done
}

# put_modules DEST NAME...: kernel modules of $KVER with those they need. Newer
# kernels bring them compressed; busybox wants them plain.
put_modules() {
    local dest=$1 name line f dir=usr/lib/modules/$KVER
    shift
    find "$PKG_ROOT/$dir" -name '*.ko.xz' -exec xz -d {} +
    [ -s "$PKG_ROOT/$dir/modules.dep" ] || "$PKG_ROOT/bin/busybox" depmod -b "$PKG_ROOT" "$KVER" || die "depmod"
    for name in "$@"; do
        line=$(grep -m 1 "/$name\.ko:" "$PKG_ROOT/$dir/modules.dep") ||
            grep -q "/$name\.ko$" "$PKG_ROOT/$dir/modules.builtin" ||
            die "Debian's kernel $KVER has no module $name"
        for f in ${line/:/}; do
            f=${f#/lib/modules/$KVER/}
            mkdir -p "$dest/$dir/$(dirname "$f")"
            cp "$PKG_ROOT/$dir/$f" "$dest/$dir/$f"
        done
    done
    "$PKG_ROOT/bin/busybox" depmod -b "$dest" "$KVER"
}

# put_qemu DEST: the QEMU that serves disks for stock tools, with its libraries;
# use_qemu (dom0-lib.sh) runs it from /images/qemu.
put_qemu() {
    mkdir -p "$1"
    put "$1" usr/libexec/xen-qemu-system-i386 usr/share/qemu/keymaps
    put_libraries "$1"
}

# put_demo_net DIR: DIR, a tree for dom0 (EXTRA), gets what demo-net.sh needs
put_demo_net() {
    mkdir -p "$1/demo-net"
    install -m 644 "$IMAGE_DIR/demo-net.sh" "$1/demo-net/"
    install -m 755 "$BUILD/guests/demo-net" "$BUILD/image/http_client" "$1/demo-net/" || die "no guest in $BUILD/guests/demo-net: run make demo-net"
}

# new_root DEST: an empty tree with the directories any Linux root has
new_root() {
    local d
    rm -rf "$1"
    mkdir -p "$1"/{dev,proc,sys,run,tmp,mnt,root,etc,usr/bin,usr/sbin,usr/lib,usr/lib64,var/log,var/lib}
    for d in bin sbin lib lib64; do ln -s "usr/$d" "$1/$d"; done
    ln -s /run "$1/var/run"
    ln -s /run/lock "$1/var/lock"
    echo 'root:x:0:0:root:/root:/bin/sh' > "$1/etc/passwd"
    echo 'root:x:0:' > "$1/etc/group"
    echo '127.0.0.1 localhost' > "$1/etc/hosts"
    put "$1" usr/bin/busybox
    ln -s busybox "$1/usr/bin/sh"
}

# pack DIR OUT: an initramfs, not compressed: an emulated CPU unpacks slowly.
# Archives can be concatenated.
pack() {
    (cd "$1" && find . -mindepth 1 | sort | cpio -o -H newc -R 0:0 --quiet) > "$2.new" &&
        mv "$2.new" "$2" || die "cannot write $2"
}

# --- QEMU -----------------------------------------------------------------------
# qemu_xen HYPERVISOR MODULES [QEMU-OPTION...]: MODULES as QEMU's -initrd takes
# them (dom0's kernel with its command line, its ramdisk). HV_ARGS is the
# hypervisor's command line. The serial port is up to the caller.
qemu_xen() {
    local hypervisor=$1 modules=$2
    shift 2
    # shellcheck disable=SC2086
    ${LIMIT:+timeout $LIMIT} ${QEMU:-qemu-system-x86_64} -accel "${ACCEL:-tcg,thread=multi}" \
        ${ICOUNT:+-icount $ICOUNT} -machine "${MACHINE:-pc}" -cpu "${CPU:-qemu64,+rdrand}" \
        -m "${MEMORY:-2048}" -smp "${CPUS:-1}" -display none -no-reboot -nic none \
        -kernel "$hypervisor" -append "console=com1 com1=115200,8n1 noreboot loglvl=info ${HV_ARGS:-}" \
        -initrd "$modules" "$@"
}

# boot_dom0 PROGRAM [QEMU-OPTION...]: boot and let dom0 run PROGRAM, which is in
# its root. The console goes to standard output and to $LOG; 0 if the program
# ended with 0. Variables:
#   HYPERVISOR  image (default dist/xen-lite.elf; "genuine": Debian's Xen)
#   TOOLS       ours (default) or stock: whose toolstack and backends
#   EXTRA       a directory whose files are added to dom0's root
#   IMAGES      file with the file system for guests' images (not changed
#               unless KEEP_IMAGES is 1); without it dom0 has no disk
#   DOM0_MEM    MiB (default 768)   DOM0_ARGS  more for its kernel
#   LIMIT       seconds             INTERACTIVE=1  a shell at the end
#   LOG, HV_ARGS and those of qemu_xen
boot_dom0() {
    local program=$1 out=$BUILD/image dir status initrd modules tools=${TOOLS:-ours} disk=()
    local hypervisor=${HYPERVISOR:-$DIST/xen-lite.elf}
    shift
    fetch_kernel
    [ "$hypervisor" != genuine ] || { fetch_xen; hypervisor=$GENUINE_XEN; }
    [ -s "$hypervisor" ] || die "no hypervisor image $hypervisor: run make"
    [ -x "$STREAM" ] || die "no $STREAM: run make run-image"
    mkdir -p "$out"
    dir=$(mktemp -d "$out/boot.XXXXXX") || die "no temporary directory in $out"
    initrd=$dir/initrd
    LOG=${LOG:-$out/console.log}
    "$IMAGE_DIR/mkdom0" --tools "$tools" "$initrd" || { rm -rf "$dir"; return 1; }
    mkdir -p "$dir/extra/guest"
    cp "$KERNEL" "$dir/extra/guest/vmlinuz"
    "$IMAGE_DIR/mkguest" "$dir/extra/guest/initrd" || { rm -rf "$dir"; return 1; }
    [ -z "${EXTRA:-}" ] || cp -a "$EXTRA/." "$dir/extra/"
    pack "$dir/extra" "$dir/extra.cpio"
    cat "$dir/extra.cpio" >> "$initrd"
    [ -z "${IMAGES:-}" ] || disk=(-drive "file=$IMAGES,if=virtio,format=raw,snapshot=$([ "${KEEP_IMAGES:-0}" = 1 ] && echo off || echo on)")
    say "booting $(basename "$hypervisor") with $tools tools"
    modules="$KERNEL console=hvc0 panic=1 run=$program ${IMAGES:+images=/dev/vda} xl-shell=${INTERACTIVE:-0} xl-stock=$([ "$tools" = stock ] && echo 1 || echo 0) ${DOM0_ARGS:-},$initrd"
    HV_ARGS="dom0_mem=${DOM0_MEM:-768}M,max:${DOM0_MEM:-768}M ${HV_ARGS:-}" \
        qemu_xen "$hypervisor" "$modules" "${disk[@]}" "$@" \
        -chardev "stdio,id=con,mux=on,signal=off,logfile=$LOG" -serial chardev:con -mon chardev=con
    status=$?
    rm -rf "$dir"
    echo
    [ $status != 124 ] || { echo "not over after $LIMIT s; the console is in $LOG" >&2; return 124; }
    tr -d '\r' < "$LOG" | grep -q '^dom0: program ended with 0'
}

# dom0_disk FILE: an empty file system for images
dom0_disk() {
    [ -s "$1" ] || { mkdir -p "$(dirname "$1")" && mke2fs -q -t ext4 "$1" 1G || die "mke2fs failed"; }
}

# in_dom0 SCRIPT [QEMU-OPTION...]: boot_dom0 with a bash script from outside and
# a fresh disk for images, unless IMAGES names one.
in_dom0() {
    local extra script=$1 images=${IMAGES:-$BUILD/image/images-empty.img}
    shift
    extra=$(mktemp -d) || die "no temporary directory"
    mkdir -p "$extra/job"
    [ -z "${EXTRA:-}" ] || cp -a "$EXTRA/." "$extra/"
    install -m 755 "$script" "$extra/job/script"
    dom0_disk "$images"
    EXTRA=$extra IMAGES=$images LIMIT=${LIMIT:-170} boot_dom0 /job/script "$@"
    set -- $?
    rm -rf "$extra"
    return "$1"
}
