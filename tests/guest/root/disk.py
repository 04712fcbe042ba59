#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Be the driver of a disk that QEMU has from an instance.

    disk.py SCRIPT INSTANCE

INSTANCE is what SCRIPT, which starts QEMU, wants: the node of the char device,
or the UUID.  Prints a line for each check.
"""

import os
import sys
import time

import machine
import report
from report import check
import virtio_pci
from virtio_pci import ACCESS_PLATFORM, RING_PACKED, VERSION_1
import vring

BLOCK = 2
# above those of net; devices that run side by side have memory of their own
RINGS, DATA, EACH, VECTORS = 0x800000, 0x810000, 0x20000, 0x180000


def request(m, dev, ring, kind, data, sector=7):
    """Read (0) or write (1); returns status, data, interrupt."""
    at = dev.data
    m.write(at, kind.to_bytes(4, "little") + bytes(4) +
            sector.to_bytes(8, "little"))
    m.write(at + 0x1000, data)
    m.write(at + 0x2000, b"\xff")
    ring.add([[(at, 16, False), (at + 0x1000, 512, not kind),
               (at + 0x2000, 1, True)]])
    dev.kick(ring)
    deadline = time.monotonic() + 10
    while not ring.take():
        if time.monotonic() > deadline:
            raise RuntimeError("no answer")
    time.sleep(0.2)
    return m.load(at + 0x2000, 1), m.read(at + 0x1000, 512), \
        dev.take_interrupt(1)


def driver(m, what, bits, first=0):
    """Start the first disk from a slot on; returns it and its ring."""
    dev = virtio_pci.VirtioPci(m, BLOCK, first)
    dev.data = DATA + EACH * first
    dev.reset()
    offered = dev.offered()
    want = sum(1 << n for n in bits)
    check("%s: the features are offered" % what,
          not want & ~offered, hex(offered))
    # offered only with an IOMMU in the machine, and then a must
    want |= 1 << ACCESS_PLATFORM
    check("%s: the features are accepted" % what,
          dev.negotiate(want & offered))
    check("%s: the disk has a queue" % what, dev.get("num_queues") >= 1,
          dev.get("num_queues"))
    dev.enable_msix(VECTORS, 2)
    make = vring.Packed if RING_PACKED in bits else vring.Split
    size = dev.queue_size(0)
    ring = make(m, RINGS + EACH * first, min(size, 64))
    dev.add_queue(0, ring, 1)
    dev.driver_ok()
    return dev, ring


def session(m, what, bits, first=0):
    """All of a driver's life, with the first disk from a slot on."""
    dev, ring = driver(m, what, bits, first)
    data = os.urandom(512)
    try:
        check("%s: a sector can be written" % what,
              request(m, dev, ring, 1, data)[::2] == (0, True))
        check("%s: the sector is read as it was written" % what,
              request(m, dev, ring, 0, bytes(512)) == (0, data, True))
    except RuntimeError as error:
        check("%s: the disk answers requests" % what, False, error)


def main():
    options = ["-accel", "tcg", "-m", "64", "-nodefaults", "-display", "none",
               "-global", "vhost-vdpa-device-pci.disable-legacy=on"]
    try:
        m = machine.Machine(["sh", "/tests/root/" + sys.argv[1]], options,
                            "/tmp/qemu.err",
                            {"node": sys.argv[2], "uuid": sys.argv[2]})
    except RuntimeError as error:
        check("QEMU starts", False, error)
        return 1
    try:
        session(m, "split rings", (VERSION_1,))
        session(m, "packed rings", (VERSION_1, RING_PACKED))
    except (RuntimeError, OSError) as error:
        check("the device answers", False, error)
    status, said = m.quit()
    check("QEMU ends with status 0", status == 0, status)
    check("QEMU prints nothing", not said, said.replace("\n", " | "))
    return report.failures != 0


if __name__ == "__main__":
    sys.exit(main())
