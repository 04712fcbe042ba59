#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A machine with instances of class VHOST migrates between two patched QEMUs.

    migrate_vhost.py CARD CARD DISK DISK DISK

UUIDs: of the card and the disk of either side, and of a disk that is another one.
Prints a line for each check.
"""

import os
import sys

import disk
import mdev
from migrating import Migrating, PAGE, show_errors
import net
import report
from report import check
import virtio_pci

CARD_AT, DISK_AT = 5, 6
PAIRS = 8
disk.VECTORS = net.VECTORS + PAGE


class Host(Migrating):
    """A QEMU on one of the two sides."""

    def __init__(self, card, drive, packed, incoming=False, extra=True):
        self.instances = card, drive
        super().__init__(
            ["-netdev", mdev.option(mdev.netdev(card)),
             "-device", "virtio-net-pci,netdev=n0,mq=on,vectors=18,"
             "romfile=,disable-legacy=on,addr=%d,packed=%s" %
             (CARD_AT, "on" if packed else "off"),
             "-device", mdev.option(mdev.device(drive, addr=DISK_AT))],
            # so that the source hears of a failure
            ("return-path",), incoming, extra)

    def copies(self):
        return [mdev.read(uuid, "copy_mode") for uuid in self.instances]


class Guest:
    """The drivers of a card that returns what it gets, and of a disk."""

    def __init__(self, m, packed):
        options = mdev.options(PAIRS)
        options.packed = packed
        self.card = net.Net(m, options)
        self.card.start(PAIRS)
        self.card.multiqueue()
        check("the card takes another address",
              self.card.command(net.CTRL_MAC_CLASS, 1, net.FOREIGN) == 0)
        self.card.mac = net.FOREIGN
        self.disk, self.ring = disk.driver(
            m, "the disk", (virtio_pci.VERSION_1,) +
            ((virtio_pci.RING_PACKED,) if packed else ()), DISK_AT)
        self.sector = 0
        self.written = {}
        self.posted = []

    def move(self, m):
        for part in (self.card, self.card.dev, self.card.dev.pci, self.disk,
                     self.disk.pci, self.ring, *self.card.rings):
            part.m = m

    def ring_pages(self):
        """How many pages have rings: no area crosses the end of one."""
        return len({area // PAGE for ring in (self.ring, *self.card.rings)
                    for area in ring.areas})

    def request(self, kind, data, sector):
        return disk.request(self.card.m, self.disk, self.ring, kind, data,
                            sector)

    def step(self):
        """Frames through two pairs, and a sector; what is wrong with them."""
        for pair in 0, PAIRS - 1:
            problem = self.card.exchange(pair)
            if problem:
                return problem
        self.sector += 1
        self.written[self.sector] = os.urandom(512)
        if self.request(1, self.written[self.sector], self.sector)[0]:
            return "the disk does not write"
        sector = self.sector // 2 + 1
        if self.request(0, bytes(512), sector)[:2] != \
                (0, self.written[sector]):
            return "sector %d is not as it was written" % sector
        return None

    def post(self):
        """Leave buffers and frames to the device."""
        rx, tx = self.card.rings[:2]
        where = net.DATA
        self.posted = self.card.offer_rx(rx, where), \
            self.card.frames(net.BATCH, self.card.mac)
        self.card.send(tx, where + net.BATCH * net.BUFFER, self.posted[1])

    def collect(self):
        buffers, frames = self.posted
        rx, tx = self.card.rings[:2]
        if len(self.card.wait(tx, net.BATCH)) != net.BATCH:
            return "not all were sent"
        got = self.card.wait(rx, net.BATCH)
        if len(got) != net.BATCH:
            return "%d of %d came back" % (len(got), net.BATCH)
        for (head, length), frame in zip(got, frames):
            if self.card.m.read(buffers[head] + net.HEADER,
                                length - net.HEADER) != frame:
                return "a frame is not as it was sent"
        return None

    def exercise(self, what):
        problem = self.step()
        check("%s: card and disk work" % what, not problem, problem)
        self.card.traffic("%s: the card" % what, PAIRS - 1)
        bad = [sector for sector, data in self.written.items()
               if self.request(0, bytes(512), sector) != (0, data, True)]
        check("%s: all that was written to the disk is there" % what, not bad,
              bad)
        check("%s: the control queue answers" % what,
              self.card.command(200, 0, b"\0") == 1)
        check("%s: the card has the address that the driver has set" % what,
              bytes(self.card.dev.read_config(0, "6B")) == net.FOREIGN)


class Run:
    """A guest that migrates back and forth between two sides."""

    def __init__(self, packed, cards, disks):
        self.packed = packed
        self.sides = list(zip(cards, disks))
        self.other = disks[2]
        self.host = Host(*self.sides[0], packed)
        self.guest = Guest(self.host, packed)
        self.guest.exercise("at first")

    def destination(self, **arguments):
        return Host(*self.sides[1], self.packed, True, **arguments)

    def precopy(self, what, to):
        """Start a migration; traffic goes on meanwhile."""
        host = self.host
        check("%s: the instances do not copy before" % what,
              host.copies() == ["0", "0"], host.copies())
        host.migrate(to)
        # what was pinned before was named until now
        start = host.look()
        problem = self.guest.step()
        check("%s: card and disk work in pre-copy" % what, not problem, problem)
        idle = host.look()
        host.look()
        looks, rings = host.looks(), self.guest.ring_pages()
        check("%s: idle, the pages of rings are dirty, and no others" % what,
              set(looks[idle:]) == {rings}, (rings, looks[idle:]))
        more = sum(looks[start:idle]) - rings * (idle - start)
        # a page for each frame and the end of its buffer, and what is read
        most = 2 * (2 * net.BATCH) + 4
        check("%s: with traffic, the pages of rings and what is written" % what,
              net.BATCH // 2 <= more <= most and
              min(looks[start:idle]) >= rings,
              (rings, most, looks[start:idle]))
        check("%s: the machine is in pre-copy" % what,
              (host.migration(), host.status()) == ("active", "running"),
              host.qmp("query-migrate"))
        check("%s: the instances copy" % what, host.copies() == ["1", "1"],
              host.copies())

    def goes_on(self, what):
        problem = self.guest.collect()
        check("%s: what was under way is done" % what, not problem, problem)
        check("%s: the instances do not copy afterwards" % what,
              mdev.until(lambda: self.host.copies() == ["0", "0"]),
              self.host.copies())
        self.guest.exercise("after " + what)

    def move(self, what):
        to = self.destination()
        self.precopy(what, to)
        # whoever is first: the device, or the switch-over
        self.guest.post()
        self.host.switch(what, to)
        print("downtime of %d ms, %d looks at the dirty pages"
              % (self.host.qmp("query-migrate")["downtime"],
                 len(self.host.looks())))
        self.host.compare(what, to)
        self.host.end()
        to.qmp("cont")
        self.host = to
        self.sides.reverse()
        self.guest.move(to)
        self.goes_on(what)

    def stays(self, what, status):
        """The machine runs on here."""
        self.host.failed = True
        check("%s: the migration is %s" % (what, status),
              mdev.until(lambda: self.host.migration() == status),
              self.host.qmp("query-migrate"))
        check("%s: the machine runs on" % what,
              mdev.until(lambda: self.host.status() == "running"),
              self.host.status())
        self.goes_on(what)

    def cancel(self, what):
        to = self.destination()
        self.precopy(what, to)
        self.guest.post()
        self.host.qmp("migrate_cancel")
        self.stays(what, "cancelled")
        to.end(1, ".*load of migration failed.*")

    def fails(self, what, to, says):
        """At the switch-over."""
        self.precopy(what, to)
        self.guest.post()
        self.host.release()
        self.stays(what, "failed")
        to.end(1, says)


def main():
    *uuids, = sys.argv[1:]
    try:
        run = Run(False, uuids[:2], uuids[2:])
        run.move("a migration")
        run.cancel("a cancelled migration")
        run.fails("a destination with another disk",
                  Host(run.sides[1][0], run.other, False, True),
                  ".*cannot load the state of the source: Invalid argument; the "
                  "kernel log of the host has the reason.*")
        run.fails("a destination without a device",
                  run.destination(extra=False),
                  ".*Unknown savevm section or instance.*i6300esb.*")
        run.move("a migration back")
        run.host.end()
        run = Run(True, uuids[:2], uuids[2:])
        run.move("a migration with packed rings")
        run.move("another one back")
        run.host.end()
    except (RuntimeError, OSError) as error:
        check("migrations come to their end", False, error)
        show_errors()
    return report.failures != 0


if __name__ == "__main__":
    sys.exit(main())
