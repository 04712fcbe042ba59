#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Machines with instances of class VFIO migrate from one QEMU to another.

    migrate.py moves ACTIONS CARDS DISKS
    migrate.py refused DISK

CARDS and DISKS are "SIDE,SIDE[,OTHER]", or "-" for none: UUIDs of instances, one for
each of the two QEMUs that take turns, and one that differs.  ACTIONS is a word of
letters, done one after the other:

    m   the machine migrates
    c   a migration is cancelled in pre-copy
    k   the QEMU of the destination is killed in pre-copy
    n   the destination has the other card, so that it fails in pre-copy
    d   the destination has the other disk, so that it fails at the switch-over
    l   the destination lacks a device that is none of ours: it fails at the
        switch-over, when it has the state of all others
    p   the driver starts all devices again, with packed rings

DISK of refused is an instance that cannot migrate.  Prints a line for each check.
"""

import random
import struct
import sys
import time

import machine
import mdev
from migrating import Migrating, PAGE, show_errors
import net
import report
from report import check
import vfio
from vfio import IN, OK, OUT

# Something to be copied for some time: if nothing is left within QEMU's first 100 ms of a
# migration, it switches over whatever hold() says.
BALLAST, BALLAST_SIZE = 0xc00000, 2 << 20
# the slots
DISK_AT, CARD_AT = 5, 6
STATE_MAX = 4096
# of a card: a feature, a class of commands, bits of its status
GUEST_ANNOUNCE, ANNOUNCE_CLASS, LINK_UP, ANNOUNCE = 21, 3, 1, 2

SAYS = (r".*: KVM VFIO device isn't created yet",
        r".*: warning: .*: VFIO device doesn't support device and IOMMU dirty "
        r"tracking")


# --- drivers that move ------------------------------------------------------------

class Card:
    """A network card that returns what it gets, and its driver."""

    name = "the card"
    slot = CARD_AT

    def __init__(self, m, packed):
        self.net = vfio.new_card(m, packed, CARD_AT)
        self.restart(packed)
        self.posted = None

    def restart(self, packed):
        """With all that has to move along: pairs, address, vectors."""
        self.net.args.packed = packed
        self.net.start(8, more=(GUEST_ANNOUNCE,))
        self.net.dev.set("config_msix_vector", 0)
        for command in ((net.CTRL_MQ_CLASS, 0, struct.pack("<H", 8)),
                        (net.CTRL_MAC_CLASS, 1, net.FOREIGN),
                        (net.CTRL_RX_CLASS, 0, b"\0")):
            check("the card takes a command of class %d" % command[0],
                  self.net.command(*command) == 0)
        self.net.mac = net.FOREIGN

    def move(self, m):
        for part in (self.net, self.net.dev, self.net.dev.pci,
                     *self.net.rings):
            part.m = m

    # pages that the device writes in a step, at most: each frame has a buffer
    writes = net.BATCH

    def step(self):
        return self.net.exchange(0)

    def rings(self):
        return self.net.rings

    def post(self):
        """Leave frames and buffers to the device."""
        self.posted = self.net.post(0)

    def collect(self):
        return self.net.collect(self.posted)

    def exercise(self, what):
        self.net.traffic("%s: %s" % (what, self.name))
        self.net.traffic("%s: another pair of %s" % (what, self.name), 7)
        check("%s: the control queue of %s answers" % (what, self.name),
              self.net.command(200, 0, b"\0") == 1)

    def moved(self, what):
        """It asks its driver to say where it is now."""
        check("%s: %s interrupts for its configuration" % (what, self.name),
              mdev.until(lambda: self.net.dev.take_interrupt(0)))
        check("%s: the driver of %s shall announce it" % (what, self.name),
              self.status() == LINK_UP | ANNOUNCE, self.status())
        check("%s: the driver of %s acknowledges that" % (what, self.name),
              self.net.command(ANNOUNCE_CLASS, 0, b"") == 0)
        check("%s: %s asks no more" % (what, self.name),
              self.status() == LINK_UP, self.status())

    def status(self):
        return self.net.dev.read_config(6, "<H")[0]


class Drive:
    """A disk, and a driver that knows what it has written."""

    name = "the disk"
    slot = DISK_AT
    EXTENT = 8192
    EACH = 0x4000

    def __init__(self, m, packed):
        self.disk = vfio.Disk(m, DISK_AT)
        self.restart(packed)
        self.random = random.Random(2)
        self.written = {}
        self.posted = {}
        self.turn = 0

    def restart(self, packed):
        self.disk.start("packed rings" if packed else "split rings", packed)

    def move(self, m):
        for part in (self.disk, self.disk.dev, self.disk.dev.pci,
                     *self.disk.rings):
            part.m = m

    def submit(self, queue, kind, sector, data=b""):
        m, at = self.disk.m, self.disk.DATA + self.EACH * queue
        m.write(at, struct.pack("<IIQ", kind, 0, sector))
        m.write(at + 0x800, b"\xff")
        m.write(at + 0x1000, data or bytes(self.EXTENT))
        # in pieces of odd sizes
        pieces = [(at + 0x1000 + i, min(3333, self.EXTENT - i), kind == IN)
                  for i in range(0, self.EXTENT, 3333)]
        ring = self.disk.rings[queue]
        ring.add([[(at, 16, False), *pieces, (at + 0x800, 1, True)]])
        self.disk.dev.kick(ring)

    def complete(self, queue):
        """Returns status and data."""
        deadline = time.monotonic() + machine.TIMEOUT
        while not self.disk.rings[queue].take():
            if time.monotonic() > deadline:
                raise RuntimeError("the disk does not answer")
        at = self.disk.DATA + self.EACH * queue
        return self.disk.m.load(at + 0x800, 1), \
            self.disk.m.read(at + 0x1000, self.EXTENT)

    def post(self):
        """Leave a write to each virtqueue."""
        for queue in range(len(self.disk.rings)):
            sector = 16 * self.random.randrange(1024)
            data = self.random.randbytes(self.EXTENT)
            # the same sectors by two queues: no order
            if sector not in self.posted:
                self.posted[sector] = queue, data
                self.submit(queue, OUT, sector, data)

    def collect(self):
        problem = None
        for sector, (queue, data) in self.posted.items():
            if self.complete(queue)[0] != OK:
                problem = "a write of virtqueue %d fails" % queue
            self.written[sector] = data
        self.posted = {}
        return problem

    def verify(self, sectors):
        queue = self.turn = (self.turn + 1) % len(self.disk.rings)
        for sector in sectors:
            self.submit(queue, IN, sector)
            if self.complete(queue) != (OK, self.written[sector]):
                return "sector %d is not as it was written" % sector
        return None

    @property
    def writes(self):
        # a status from each virtqueue, one more and two pages of what is read,
        # each of which may be written by two pieces
        return len(self.disk.rings) + 5

    def step(self):
        self.post()
        return self.collect() or \
            self.verify(self.random.sample(sorted(self.written), 1))

    def rings(self):
        return self.disk.rings

    def moved(self, what):
        pass

    def exercise(self, what):
        problem = self.verify(self.written)
        check("%s: all that was written to %s is there" % (what, self.name),
              not problem, problem)
        data = self.random.randbytes(self.EXTENT)
        for queue in range(len(self.disk.rings)):
            # waits for the interrupt
            got = self.disk.request(queue, OUT, 0, data)[0]
            self.written[0] = data
            check("%s: virtqueue %d of %s writes and interrupts" %
                  (what, queue, self.name), got == OK, got)


class Guest:
    """What runs in the machine."""

    def __init__(self, m, kinds):
        m.write(BALLAST, random.Random(3).randbytes(BALLAST_SIZE))
        self.drivers = [kind(m, False) for kind in kinds]

    def move(self, m):
        for driver in self.drivers:
            driver.move(m)

    def moved(self, what):
        for driver in self.drivers:
            driver.moved(what)

    def restart(self, packed):
        for driver in self.drivers:
            driver.restart(packed)

    def post(self):
        for driver in self.drivers:
            driver.post()

    def each(self, what, method, count=1):
        """Each of the drivers does it count times, in turn."""
        problems = [method(driver) for _ in range(count)
                    for driver in self.drivers]
        problems = [problem for problem in problems if problem]
        check(what, not problems, problems)

    def exercise(self, what):
        for driver in self.drivers:
            driver.exercise(what)

    def ring_pages(self):
        """How many pages have rings: no area crosses the end of one."""
        return len({area // PAGE for driver in self.drivers
                    for ring in driver.rings() for area in ring.areas})


# --- the machines -------------------------------------------------------------------

class Host(Migrating):
    """A QEMU on one of the two sides, with the instances of that side."""

    says = SAYS

    def __init__(self, devices, incoming=False, extra=True, migratable="on"):
        self.devices = devices
        options = []
        for slot, uuid in devices.items():
            options += vfio.option(
                uuid, addr=slot, **{"enable-migration": migratable})
        super().__init__(options, ("return-path", "switchover-ack"), incoming,
                         extra)


def attributes(host, name):
    return {vfio.attribute(uuid, name) for uuid in host.devices.values()}


# --- what is done with them ------------------------------------------------------------

class Run:
    """A guest that migrates back and forth between two sides."""

    def __init__(self, cards, disks):
        instances = {slot: uuids.split(",") for slot, uuids in
                     ((CARD_AT, cards), (DISK_AT, disks)) if uuids != "-"}
        self.sides = [{slot: uuids[side] for slot, uuids in instances.items()}
                      for side in range(2)]
        self.others = {slot: uuids[2] for slot, uuids in instances.items()
                       if len(uuids) > 2}
        self.host = Host(self.sides[0])
        self.guest = Guest(self.host, [kind for kind in (Card, Drive)
                                       if kind.slot in instances])
        self.guest.exercise("at first")
        self.moves = 0

    def destination(self, other=None, **arguments):
        """The next QEMU; in one slot it has another instance."""
        devices = dict(self.sides[1])
        if other:
            devices[other] = self.others[other]
        return Host(devices, True, **arguments)

    def precopy(self, what, to):
        """Start a migration; traffic goes on meanwhile."""
        host = self.host
        host.migrate(to)
        self.count_dirty(what)
        check("%s: the migration is in pre-copy" % what,
              host.migration() == "active", host.qmp("query-migrate"))
        check("%s: the instances are in pre-copy" % what,
              attributes(host, "migration_state") == {"pre_copy"},
              attributes(host, "migration_state"))
        check("%s: the instances copy" % what,
              attributes(host, "copy_mode") == {"1"})
        check("%s: the machine runs" % what, host.status() == "running")

    def count_dirty(self, what, steps=3):
        # what was pinned before was named until now
        start = self.host.look()
        self.guest.each("%s: traffic in pre-copy" % what,
                        lambda driver: driver.step(), steps)
        idle = self.host.look()
        self.host.look()
        looks = self.host.looks()
        rings = self.guest.ring_pages()
        check("%s: idle, the pages of rings are dirty, and no others" % what,
              set(looks[idle:]) == {rings}, (rings, looks[idle:]))
        more = sum(looks[start:idle]) - rings * (idle - start)
        most = steps * sum(driver.writes for driver in self.guest.drivers)
        check("%s: with traffic, the pages of rings and what is written" % what,
              0 < more <= most and min(looks[start:idle]) >= rings,
              (rings, most, looks[start:idle]))

    def move(self):
        self.moves += 1
        what = "migration %d" % self.moves
        to = self.destination()
        self.precopy(what, to)
        # whoever is first: the device, or the switch-over
        self.guest.post()
        self.host.switch(what, to)
        info = self.host.qmp("query-migrate")
        size = info["vfio"]["transferred"]
        check("%s: each state has less than 4 KiB" % what,
              0 < size < STATE_MAX * len(self.host.devices), size)
        print("downtime of %d ms, %d bytes of state, %d looks at the dirty pages"
              % (info["downtime"], size, len(self.host.looks())))
        self.host.compare(what, to)
        states = attributes(self.host, "migration_state"), \
            attributes(to, "migration_state")
        check("%s: the instances stand still here and there" % what,
              states == ({"stop"}, {"resuming"}), states)
        self.host.end()
        to.qmp("cont")
        self.host = to
        self.sides.reverse()
        self.guest.move(to)
        self.goes_on(what, moved=True)

    def goes_on(self, what, moved=False):
        self.guest.each("%s: what was under way is done" % what,
                        lambda driver: driver.collect())
        if moved:
            self.guest.moved(what)
        check("%s: the instances run" % what,
              attributes(self.host, "migration_state") == {"running"} and
              attributes(self.host, "copy_mode") == {"0"},
              (attributes(self.host, "migration_state"),
               attributes(self.host, "copy_mode")))
        self.guest.exercise("after " + what)

    def stays(self, what, status, stopped=False):
        """The machine runs on here, which was stopped before or not."""
        self.host.failed = True
        check("%s: the migration is %s" % (what, status),
              mdev.until(lambda: self.host.migration() == status),
              self.host.qmp("query-migrate"))
        check("%s: the machine runs on" % what,
              mdev.until(lambda: self.host.status() == "running"),
              self.host.status())
        events = self.host.events
        check("%s: the machine was %sstopped" % (what, "" if stopped else "not "),
              ("STOP" in events) == stopped, events)
        events.clear()
        self.goes_on(what)

    def cancel(self):
        what = "a cancelled migration"
        to = self.destination()
        self.precopy(what, to)
        self.guest.post()
        self.host.qmp("migrate_cancel")
        self.stays(what, "cancelled")
        to.end(1, ".*load of migration failed.*")

    def killed(self):
        what = "a destination that is killed"
        to = self.destination()
        self.precopy(what, to)
        self.guest.post()
        to.process.kill()
        to.process.wait()
        self.stays(what, "failed")

    def fails(self, what, says, **arguments):
        """At the switch-over."""
        to = self.destination(**arguments)
        self.precopy(what, to)
        self.guest.post()
        self.host.release()
        self.stays(what, "failed", stopped=True)
        to.end(1, says)

    def lacks(self):
        self.fails("a destination without a device",
                   ".*Unknown savevm section or instance.*i6300esb.*", extra=False)

    def other_disk(self):
        self.fails("a destination with another disk",
                   ".*load of migration failed.*", other=DISK_AT)

    def other_card(self):
        what = "a destination with another card"
        to = self.destination(other=CARD_AT)
        # it does not come to a look, or to traffic
        self.guest.post()
        self.host.migrate(to)
        self.stays(what, "failed")
        to.end(1, ".*load of migration failed.*")

    def packed(self):
        self.guest.restart(True)
        self.guest.exercise("packed rings")


ACTIONS = {"m": Run.move, "c": Run.cancel, "k": Run.killed,
           "n": Run.other_card, "d": Run.other_disk, "l": Run.lacks,
           "p": Run.packed}


def test_moves(actions, cards, disks):
    run = Run(cards, disks)
    for action in actions:
        ACTIONS[action](run)
    run.host.end()


def test_refused(uuid):
    """QEMU wants to know at its start, if it is told that the machine migrates."""
    try:
        Host({DISK_AT: uuid}).quit()
        said = "nothing"
    except RuntimeError as error:
        said = str(error)
    check("QEMU does not start with a disk in RAM that shall migrate",
          "VFIO migration is not supported in kernel" in said, said)
    # what is the default
    host = Host({DISK_AT: uuid}, migratable="auto")
    guest = Guest(host, [Drive])
    guest.exercise("at first")
    try:
        host.qmp("migrate", uri="unix:/tmp/nobody")
        said = "nothing"
    except RuntimeError as error:
        said = str(error)
    check("a machine with a disk in RAM does not migrate",
          "VFIO migration is not supported in kernel" in said, said)
    guest.exercise("afterwards")
    host.end()


def main():
    name, *arguments = sys.argv[1:]
    try:
        globals()["test_" + name](*arguments)
    except (RuntimeError, OSError) as error:
        check("%s comes to its end" % name, False, error)
        show_errors()
    return report.failures != 0


if __name__ == "__main__":
    sys.exit(main())
