# SPDX-License-Identifier: MIT
#
# Functions for scripts that run in dom0 (bash) and start guests of demo-net,
# which have numbers: guest 7 is "net7", with the address 10.0.0.17. Needs
# dom0-lib.sh; the guest's image and http_client are in /demo-net.
PATH=$PATH:/demo-net
address() { echo "10.0.0.$((10 + $1))"; }
mac() { printf '00:16:3e:00:01:%02x' "$1"; }

# make_disk FILE PAGE: as frontends/demo-net/disk.h has it, nothing served yet
make_disk() {
    local bytes
    bytes=$(stat -c %s "$2")
    rm -f "$1"
    truncate -s $(((2 + (bytes + 4095) / 4096) * 4096)) "$1"
    echo "page $bytes" | dd of="$1" conv=notrunc 2> /dev/null
    echo "requests 0" | dd of="$1" bs=4096 seek=1 conv=notrunc 2> /dev/null
    dd if="$2" of="$1" bs=4096 seek=2 conv=notrunc 2> /dev/null
}
# served FILE: the number there
served() { dd if="$1" bs=4096 skip=1 count=1 2> /dev/null | sed -n 's/^requests //p;q' | tr -d '\0'; }

# make_page FILE BYTES
make_page() { { echo '<h1>A guest of one program</h1>'; yes 'It has a disk, a network and no operating system.<br>'; } 2> /dev/null | head -c "$2" > "$1"; }

# configure NUMBER [ip]: writes its configuration; with "ip" its address is on
# its command line, without it asks for one
configure() {
    printf '%s\n' "name = 'net$1'" 'type = "pv"' 'kernel = "/demo-net/demo-net"' 'memory = 5' \
        "extra = '${2:+ip=$(address "$1")::10.0.0.1:255.255.255.0}'" \
        "disk = [ 'format=raw,vdev=xvda,access=rw,target=/images/net$1.img' ]" \
        "vif = [ 'bridge=xenbr0,mac=$(mac "$1")' ]" 'on_crash = "destroy"' > "/tmp/net$1.cfg"
}

# serve_addresses COUNT [LINE...]: DHCP for the guests up to that number; LINE is
# one of udhcpd's configuration
serve_addresses() {
    local i
    {
        printf '%s\n' 'interface xenbr0' 'start 10.0.0.240' 'end 10.0.0.250' 'lease_file /tmp/leases' \
            'option subnet 255.255.255.0' 'option router 10.0.0.1' 'option lease 3600'
        for ((i = 1; i <= $1; i++)); do echo "static_lease $(mac $i) $(address $i)"; done
        shift
        printf '%s\n' "$@"
    } > /tmp/udhcpd.conf
    touch /tmp/leases
    udhcpd -f /tmp/udhcpd.conf > /tmp/udhcpd.log 2>&1 &
    DHCP=$!
}

# comes_up NUMBER: creates it and waits for its first answer; sets CREATED and
# ANSWERED, the ms until xl has ended and until there is one
comes_up() {
    local start first
    http_client wait "$(address "$1")" / 90 > "/tmp/first$1" &
    first=$!
    start=$(now_ms)
    timeout 120 xl create -q "/tmp/net$1.cfg" < /dev/null || { kill $first; return 1; }
    CREATED=$(($(now_ms) - start))
    wait $first || return 1
    ANSWERED=$(($(sed 's/^at=//' "/tmp/first$1") - start))
}
# own_ms NUMBER: what the guest itself says that it has taken, of that
own_ms() { tr -d '\r' < "$(guest_log "net$1")" | sed -n 's/^demo-net: serves after \([0-9]*\) us$/\1/p' | tail -n 1 | awk '{ printf "%.1f", $1 / 1000 }'; }

# value KEY LINE: of a line with KEY=VALUE
value() { sed -n "s/.*\b$1=\([^ ]*\).*/\1/p" <<< "$2"; }
# rate KEY LINE: so many a second, of a line with ms=
rate() { awk -v n="$(value "$1" "$2")" -v ms="$(value ms "$2")" 'BEGIN { printf "%.0f", ms ? n * 1000 / ms : 0 }'; }
# counter NUMBER NAME: of the guest's /counters
counter() { http_client get "$(address "$1")" /counters | sed -n "s/^$2 //p"; }
