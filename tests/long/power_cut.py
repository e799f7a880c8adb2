#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""power_cut.py DISK LOG POINTS SEED

DISK is what a disk was in the beginning, LOG what QEMU's blklogwrites driver
wrote of it (the format of Linux's dm-log-writes), by power_cut.dom0. At each of
POINTS instants the disk is made anew: what was written before the last flush is
there, of the rest a part by chance. The file system's journal is played back, and
in the guest's image each record has to be there that had been acknowledged.
"""
import random
import struct
import subprocess
import sys
import tempfile

FLUSH, FUA, DISCARD = 1, 2, 4
ACKNOWLEDGED = 200 * 2048  # the sector with the last number, see power_cut.dom0
PLACES, PLACE = 1000, 65536


def entries(path):
    """Yields (sector of 512 bytes, data, flags); data is None for a discard."""
    with open(path, "rb") as log:
        magic, version, count, size = struct.unpack("<QQQI", log.read(28))
        if (magic, version) != (0x6A736677736872, 1):
            sys.exit("%s is no log of writes" % path)
        at = size
        for _ in range(count):
            log.seek(at)
            sector, sectors, flags, _ = struct.unpack("<QQQQ", log.read(32))
            at += size
            data = None
            if not flags & DISCARD:
                log.seek(at)
                data = log.read(sectors * size)
                at += sectors * size
            yield sector * size // 512, data, flags


def apply(disk, entry):
    sector, data, _ = entry
    if data:
        disk[sector * 512 : sector * 512 + len(data)] = data


def record(n):
    line = b"record %d\n" % n
    size = (1 + n % 16) * 4096
    return (line * (size // len(line) + 1))[:size]


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def image_of(disk):
    """The guest's image on the disk, once its file system has recovered."""
    with tempfile.NamedTemporaryFile() as f, tempfile.NamedTemporaryFile() as image:
        f.write(disk)
        f.flush()
        done = run("e2fsck", "-fy", f.name)
        if done.returncode not in (0, 1):
            sys.exit("e2fsck: %s" % done.stdout.decode())
        run("debugfs", "-R", "dump /p.img %s" % image.name, f.name)
        return image.read()


def missing(image, acknowledged):
    """The records that are not on it; of those that later ones, which are under
    way, cannot have begun to write over."""
    return [
        n
        for n in range(max(1, acknowledged - PLACES // 2), acknowledged + 1)
        if image[n % PLACES * PLACE :][: len(record(n))] != record(n)
    ]


def main():
    before, log, points, seed = sys.argv[1:]
    chance = random.Random(int(seed))
    log = list(entries(log))
    known, acknowledged = [], 0
    for sector, data, _ in log:
        if sector == ACKNOWLEDGED and data:
            acknowledged = int(data.split()[1])
        known.append(acknowledged)
    first = next(i for i, n in enumerate(known) if n)
    with open(before, "rb") as f:
        disk = bytearray(f.read())
    settled, failures, dropped = 0, 0, 0
    for point in sorted(chance.sample(range(first, len(log)), int(points))):
        flushes = [i for i in range(settled, point + 1) if log[i][2] & FLUSH]
        if flushes:
            for entry in log[settled : flushes[-1] + 1]:
                apply(disk, entry)
            settled = flushes[-1] + 1
        cut = bytearray(disk)
        for entry in log[settled : point + 1]:
            if entry[2] & FUA or chance.random() < 0.5:
                apply(cut, entry)
            else:
                dropped += 1
        lost = missing(image_of(cut), known[point])
        failures += bool(lost)
        if lost:
            print("entry %d, %d acknowledged: lost %s" % (point, known[point], lost[:10]))
    print("%d writes, %d records; %d writes dropped; records lost at %d of %s instants"
          % (len(log), known[-1], dropped, failures, points))
    return failures != 0


sys.exit(main())
