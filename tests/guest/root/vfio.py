#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Instances of class VFIO in QEMU, as -device vfio-pci.

    vfio.py TEST CARD DISK ENTROPY [FUNCTION]
    vfio.py doorbells DISK
    vfio.py mapped SOCKET COUNT

CARD, DISK and ENTROPY are UUIDs: of an instance of mvnet, of mvblk and of mvrng.
FUNCTION is a disk on the PCI bus that the driver vfio-pci has, for the test hardware.
DISK of doorbells is an instance whose doorbells can be mapped; SOCKET is QMP's, of a
machine that shall have COUNT pages of doorbells mapped.  Prints a line for each check.
"""

import os
import re
import struct
import sys
import time

import disk
import machine
import mdev
from mdev import MDEV, STDERR, eject, open_nodes, state, until
import net
from net import BATCH, BUFFER, DATA, HEADER
import report
from report import check
import virtio_pci
from virtio_pci import RING_PACKED, VERSION_1
import vring

ENTROPY = 4

# PCI: capabilities, bits of the command register, of the device control register
POWER, EXPRESS = 1, 0x10
MEMORY, MASTER = 2, 4
RESET_FUNCTION = 1 << 15

# a disk: features, requests, their status
FLUSH, MQ, DISCARD, WRITE_ZEROES = 9, 12, 13, 14
IN, OUT, DO_FLUSH, GET_ID, DO_DISCARD, DO_WRITE_ZEROES, NO_SUCH = \
    0, 1, 4, 8, 11, 13, 99
OK, IOERR, UNSUPP = 0, 1, 2


def device(uuid, **properties):
    """An instance as a device, for QMP."""
    return {"driver": "vfio-pci", "sysfsdev": MDEV + uuid, **properties}


# for what is used of it
mdev.device = device


def option(uuid, **properties):
    """The same for the command line."""
    return ["-device", mdev.option(device(uuid, **properties))]


def start(*arguments, machine_type="q35"):
    return machine.Machine(
        ["qemu-system-x86_64", "-M", machine_type],
        ["-accel", "tcg", "-m", "64", "-nodefaults", "-display", "none",
         *arguments], STDERR)


def end(m, expected=""):
    """It ends, and had nothing to say but that."""
    status, said = m.quit()
    # what 10.0 says without KVM whenever it closes a VFIO group
    said = re.sub(r".*: KVM VFIO device isn't created yet\n", "", said)
    check("QEMU ends with status 0", status == 0, status)
    check("QEMU says %s" % (expected or "nothing"),
          bool(re.fullmatch(expected, said.strip(), re.S)),
          said.replace("\n", " | "))


def attribute(uuid, name):
    with open("%s/%s" % (mdev.CLASS + uuid, name)) as f:
        return f.read().strip()


# --- a network card ---------------------------------------------------------------

def new_card(m, packed=False, first=0):
    args = mdev.options(8)
    args.packed = packed
    card = net.Net(m, args)
    card.dev = virtio_pci.VirtioPci(m, net.NET, first)
    return card


def exercise(card, uuid, what):
    """Its driver starts it, and uses all that it has."""
    card.start(8)
    check("%s: the address is that of the instance" % what,
          card.mac == bytes.fromhex(attribute(uuid, "mac").replace(":", "")),
          card.mac.hex())
    card.traffic(what, batches=2)
    card.control()
    card.multiqueue()


def jumbo(card):
    """A frame of 9014 bytes, in as many buffers as it takes."""
    rx, tx = card.rings[:2]
    frame = card.mac + card.random.randbytes(9008)
    size = HEADER + len(frame)
    count = -(-size // BUFFER)
    rx.add([[(DATA + BUFFER * i, BUFFER, True)] for i in range(count)])
    card.dev.kick(rx)
    at = DATA + BATCH * BUFFER
    card.m.write(at, bytes(HEADER) + frame)
    tx.add([[(at, HEADER, False), (at + HEADER, 4000, False),
             (at + HEADER + 4000, len(frame) - 4000, False)]])
    card.dev.kick(tx)
    card.wait(tx, 1)
    got = card.wait(rx, count)
    check("a frame of 9014 bytes comes back in %d buffers" % count,
          sum(length for _, length in got) == size, got)
    memory = card.m.read(DATA, count * BUFFER)
    check("a frame of 9014 bytes comes back as it was sent",
          memory[HEADER:size] == frame and
          memory[10:12] == struct.pack("<H", count), memory[:HEADER].hex())


def masks(card):
    """Interrupts that are masked wait."""
    dev = card.dev
    for what, mask in (("the vector is masked", lambda m: dev.mask(1, m)),
                       ("all vectors are masked", dev.mask_all)):
        dev.take_interrupt(1)
        mask(True)
        problem = card.exchange(0)
        check("%s: frames come back" % what, not problem, problem)
        time.sleep(0.2)
        check("%s: no interrupt comes" % what, not dev.take_interrupt(1))
        check("%s: the interrupt is pending" % what, dev.pending(1))
        mask(False)
        check("%s no more: the interrupt comes" % what,
              until(lambda: dev.take_interrupt(1)))
        check("%s no more: nothing is pending" % what, not dev.pending(1))
    dev.pci.write(dev.msix + 2, 2, 0)
    problem = card.exchange(0)
    check("MSI-X is off: frames come back", not problem, problem)
    check("MSI-X is off: no interrupt comes", not dev.take_interrupt(1))
    dev.pci.write(dev.msix + 2, 2, 0x8000)
    card.traffic("MSI-X is on again")


def stands_still(card, what, off, on):
    """Off, it does nothing; on again, what it was asked for meanwhile."""
    rx, tx = card.rings[:2]
    off()
    card.offer_rx(rx, DATA)
    card.send(tx, DATA + BATCH * BUFFER, card.frames(BATCH, card.mac))
    time.sleep(0.5)
    check("%s: nothing is used" % what, not tx.take() and not rx.take())
    on()
    check("%s no more: everything is used" % what,
          len(card.wait(tx, BATCH)) == BATCH and
          len(card.wait(rx, BATCH)) == BATCH)
    card.traffic("%s no more" % what)


def power(card):
    """Asleep and awake again, it goes on."""
    pci = card.dev.pci
    at = pci.capability(POWER) + 4
    pci.write(at, 2, 3)
    check("the function is in D3hot", pci.read(at, 2) & 3 == 3, pci.read(at, 2))
    pci.write(at, 2, 0)
    check("the function is in D0", pci.read(at, 2) & 3 == 0, pci.read(at, 2))
    card.traffic("after D3hot")


def window(card):
    """The registers without a BAR, as firmware may read and write them."""
    dev = card.dev
    check("the status is read through the window",
          dev.through_window("device_status") == dev.get("device_status") == 15,
          dev.through_window("device_status"))
    dev.through_window("config_msix_vector", 3)
    check("a register is written through the window",
          dev.get("config_msix_vector") == 3, dev.get("config_msix_vector"))


def function_reset(card):
    pci = card.dev.pci
    at = pci.capability(EXPRESS)
    check("the function can be reset", pci.read(at + 4, 4) >> 28 & 1)
    pci.write(at + 8, 2, RESET_FUNCTION)
    time.sleep(0.2)
    check("the function's reset disables it",
          not pci.read(4, 2) & (MEMORY | MASTER), hex(pci.read(4, 2)))
    pci.write(4, 2, MEMORY | MASTER)
    check("the function's reset resets the device",
          card.dev.get("device_status") == 0, card.dev.get("device_status"))
    card.start(8)
    card.traffic("after the function's reset")


def machine_reset(m, what, packed):
    m.qmp("system_reset")
    m.wait_event("RESET")
    card = new_card(m, packed)
    check("%s: the machine's reset resets the device" % what,
          card.dev.get("device_status") == 0, card.dev.get("device_status"))
    return card


def test_card(card_id, *_):
    m = start(*option(card_id))
    card = new_card(m)
    check("there is a vector for each virtqueue, and one more",
          card.dev.get("num_queues") == 17 and card.dev.vector_count() == 18,
          card.dev.vector_count())
    exercise(card, card_id, "split rings")
    mdev.link(card, card_id)
    jumbo(card)
    masks(card)
    pci = card.dev.pci
    stands_still(card, "the function is no bus master",
                 lambda: pci.write(4, 2, MEMORY),
                 lambda: pci.write(4, 2, MEMORY | MASTER))
    power(card)
    window(card)

    # the driver is bound again, and does without some
    card.start(1, without=(net.MRG_RXBUF, net.CTRL_RX))
    card.traffic("after the driver's reset")
    function_reset(card)
    # with buffers in use
    card.offer_rx(card.rings[0], DATA)
    card = machine_reset(m, "split rings", packed=True)
    exercise(card, card_id, "packed rings")
    card.offer_rx(card.rings[0], DATA)
    card = machine_reset(m, "packed rings", packed=False)
    card.start(8)
    card.traffic("after the machine's reset")
    check("the device needs no reset", card.dev.get("device_status") == 15,
          card.dev.get("device_status"))
    end(m)


def test_notify(card_id, *_):
    """With the patched QEMU: eventfds notify the queues, unless turned off."""
    places = {}
    for off in ("off", "on"):
        what = "with x-no-virtio-ioeventfd=" + off
        m = start(*mdev.TRACED,
                  *option(card_id, **{"x-no-virtio-ioeventfd": off}))
        card = new_card(m)
        card.start(8)
        card.traffic(what)
        function_reset(card)
        card = machine_reset(m, what, packed=True)
        exercise(card, card_id, what + ", packed rings")
        end(m)
        eventfds, writes = mdev.notified()
        kicks = [where for where in writes if where in (eventfds or places)]
        if off == "off":
            places = eventfds
            check("each of the 17 queues has an eventfd and a place",
                  sorted(map(int, eventfds.values())) == list(range(17)),
                  eventfds)
            check("QEMU does not write to notify the queues", not kicks, kicks)
        else:
            check("no queue has an eventfd if they are turned off",
                  not eventfds, eventfds)
            check("QEMU writes to notify the queues if eventfds are turned off",
                  len(set(kicks)) == 17, (places, set(kicks)))


# --- a disk ------------------------------------------------------------------------

class Disk:
    """Its driver, with all virtqueues."""

    RINGS, DATA, VECTORS = 0x800000, 0x880000, 0x181000

    def __init__(self, m, first=0):
        self.m = m
        self.dev = virtio_pci.VirtioPci(m, disk.BLOCK, first)

    def start(self, what, packed=False, more=(FLUSH, MQ, DISCARD,
                                              WRITE_ZEROES)):
        dev = self.dev
        dev.reset()
        want = net.bits(VERSION_1, *more)
        if packed:
            want |= net.bits(RING_PACKED)
        offered = dev.offered()
        check("%s: the disk offers what is wanted" % what,
              not want & ~offered, hex(offered))
        check("%s: the disk takes the features" % what,
              dev.negotiate(want | offered & net.bits(
                  virtio_pci.ACCESS_PLATFORM)))
        self.sectors = dev.read_config(0, "<Q")[0]
        count = dev.get("num_queues")
        dev.enable_msix(self.VECTORS, count + 1)
        make = vring.Packed if packed else vring.Split
        self.rings = [make(self.m, self.RINGS + 0x4000 * i,
                           min(dev.queue_size(i), 64)) for i in range(count)]
        for i, ring in enumerate(self.rings):
            dev.add_queue(i, ring, i + 1)
        dev.driver_ok()

    def request(self, queue, kind, sector=0, data=b"", size=0):
        """Write data or read size bytes: the status, and what was read."""
        at = self.DATA
        body = at + 0x1000
        status = at + 0x800
        self.m.write(at, struct.pack("<IIQ", kind, 0, sector))
        self.m.write(status, b"\xff")
        size = size or len(data)
        if size:
            self.m.write(body, data or bytes(size))
        # in pieces of odd sizes
        pieces = [(body + i, min(1111, size - i), not data)
                  for i in range(0, size, 1111)]
        ring = self.rings[queue]
        self.dev.take_interrupt(queue + 1)
        ring.add([[(at, 16, False), *pieces, (status, 1, True)]])
        self.dev.kick(ring)
        if not until(ring.take):
            raise RuntimeError("no answer to a request of type %d" % kind)
        if not until(lambda: self.dev.take_interrupt(queue + 1), 10):
            raise RuntimeError("no interrupt of virtqueue %d" % queue)
        return self.m.load(status, 1), \
            b"" if data else self.m.read(body, size) if size else b""


def all_requests(drive, uuid, what):
    count = len(drive.rings)
    check("%s: the disk has the size of the instance" % what,
          drive.sectors == 64 << 11, drive.sectors)
    for queue in range(count):
        data = os.urandom(8192)
        sector = 64 * queue + 1
        wrote = drive.request(queue, OUT, sector, data)
        status, got = drive.request((queue + 1) % count, IN, sector,
                                    size=len(data))
        check("%s: what virtqueue %d writes another one reads" % (what, queue),
              (wrote[0], status) == (OK, OK) and got == data,
              (wrote[0], status))
    end_of_disk = drive.sectors - 8
    data = os.urandom(4096)
    check("%s: the last sectors are written" % what,
          drive.request(0, OUT, end_of_disk, data)[0] == OK)
    check("%s: the last sectors are read" % what,
          drive.request(0, IN, end_of_disk, size=4096) == (OK, data))
    for kind, name in ((OUT, "a write"), (IN, "a read")):
        got = drive.request(0, kind, end_of_disk + 1,
                            data if kind == OUT else b"", 4096)[0]
        check("%s: %s beyond the end is an error" % (what, name),
              got == IOERR, got)
    check("%s: flush" % what, drive.request(0, DO_FLUSH)[0] == OK)
    got = drive.request(0, GET_ID, size=20)
    check("%s: the serial number is that of the instance" % what,
          got[0] == OK and got[1].rstrip(b"\0").decode() ==
          attribute(uuid, "serial"), got)
    segment = struct.pack("<QII", end_of_disk + 2, 3, 0)
    for kind, name in ((DO_WRITE_ZEROES, "zeroes are written"),
                       (DO_DISCARD, "sectors are discarded")):
        drive.request(0, OUT, end_of_disk, data)
        got = drive.request(0, kind, 0, segment)[0]
        check("%s: %s" % (what, name), got == OK, got)
        got = drive.request(0, IN, end_of_disk, size=4096)[1]
        check("%s: %s, and those only" % (what, name),
              got == data[:1024] + bytes(1536) + data[2560:])
    got = drive.request(0, NO_SUCH, size=512)[0]
    check("%s: a request of an unknown type is refused" % what, got == UNSUPP,
          got)


# --- an entropy device -----------------------------------------------------------------

def entropy(m, what, packed=False, first=0):
    """All of its driver's life; returns the device."""
    rings, data, vectors = 0x900000, 0x910000, 0x182000
    dev = virtio_pci.VirtioPci(m, ENTROPY, first)
    dev.reset()
    want = net.bits(VERSION_1, *([RING_PACKED] if packed else []))
    check("%s: the entropy device takes the features" % what,
          not want & ~dev.offered() and dev.negotiate(want))
    dev.enable_msix(vectors, 2)
    ring = (vring.Packed if packed else vring.Split)(m, rings, 16)
    dev.add_queue(0, ring, 1)
    dev.driver_ok()
    seen = {bytes(64)}
    for at in (data, data + 64):
        m.write(at, bytes(64))
        ring.add([[(at, 64, True)]])
        dev.kick(ring)
        if not until(ring.take):
            raise RuntimeError("the entropy device does not answer")
        seen.add(m.read(at, 64))
    check("%s: the entropy device gives other bytes each time" % what,
          len(seen) == 3)
    check("%s: the entropy device interrupts" % what,
          until(lambda: dev.take_interrupt(1)))
    return dev


# --- several in one container -----------------------------------------------------------

def test_shared(card_id, disk_id, rng_id):
    m = start(*option(card_id), *option(disk_id), *option(rng_id))
    check("all are in one container", open_nodes(m) == 1, open_nodes(m))
    card = new_card(m)
    card.start(8)
    card.traffic("the card")
    drive = Disk(m)
    drive.start("split rings")
    all_requests(drive, disk_id, "split rings")
    entropy(m, "split rings")
    states = [state(uuid) for uuid in (card_id, disk_id, rng_id)]
    check("all of them run", set(states) == {"running"}, states)
    drive.start("packed rings", packed=True)
    all_requests(drive, disk_id, "packed rings")
    entropy(m, "packed rings", packed=True)
    card.traffic("the card again")
    end(m)
    states = [state(uuid) for uuid in (card_id, disk_id, rng_id)]
    check("all of them are idle afterwards", set(states) == {"idle"}, states)


def test_hardware(card_id, disk_id, rng_id, function):
    """The same, and a function of the PCI bus that vfio-pci has."""
    m = start("-device", "vfio-pci,host=%s,addr=5" % function,
              *option(card_id, addr=6), *option(disk_id, addr=7),
              *option(rng_id, addr=8))
    check("all are in one container", open_nodes(m) == 1, open_nodes(m))
    theirs, ours = Disk(m, 5), Disk(m, 7)
    # one after the other: they share the memory for rings
    for drive, what in ((theirs, "the function"), (ours, "the disk"),
                        (theirs, "the function again")):
        drive.start(what, more=(FLUSH,))
        data = os.urandom(4096)
        check("%s: what is written is read" % what,
              drive.request(0, OUT, 8, data)[0] == OK and
              drive.request(0, IN, 8, size=4096) == (OK, data))
        drive.dev.reset()
    card = new_card(m, first=6)
    card.start(8)
    card.traffic("the card")
    entropy(m, "the entropy device")
    end(m, mdev.NO_RESET % function)


# --- the machine's memory changes ----------------------------------------------------------

def test_map(card_id, disk_id, _):
    """RAM is unmapped and mapped again under the virtqueues, as firmware has it."""
    m = start(*option(card_id), *option(disk_id))
    card = new_card(m)
    card.start(8)
    card.traffic("before")
    # buffers that wait there meanwhile
    card.offer_rx(card.rings[14], DATA + 7 * 4 * BATCH * BUFFER)
    drive = Disk(m)
    drive.start("before")
    for below, what in ((True, "joined"), (False, "split")) * 2:
        mdev.map_memory(m, below)
        card.traffic("sections are " + what)
        data = os.urandom(4096)
        check("sections are %s: what is written to the disk is read" % what,
              drive.request(0, OUT, 8, data)[0] == OK and
              drive.request(1, IN, 8, size=4096) == (OK, data))
    check("a card whose memory was mapped again needs no reset",
          card.dev.get("device_status") == 15, card.dev.get("device_status"))
    check("a disk whose memory was mapped again needs no reset",
          drive.dev.get("device_status") == 15, drive.dev.get("device_status"))
    end(m)


# --- plugged in and unplugged -------------------------------------------------------------

def test_hotplug(card_id, disk_id, _):
    m = start(machine_type="pc")
    for turn in ("once", "twice"):
        m.qmp("device_add", **device(disk_id, id="d0", addr="5"))
        m.qmp("device_add", **device(card_id, id="d1", addr="6"))
        drive = Disk(m)
        drive.start("plugged in %s" % turn)
        data = os.urandom(4096)
        check("plugged in %s: what is written is read" % turn,
              drive.request(0, OUT, 8, data)[0] == OK and
              drive.request(0, IN, 8, size=4096) == (OK, data))
        card = new_card(m)
        card.start(8)
        card.traffic("plugged in %s" % turn)
        # with buffers in use
        card.offer_rx(card.rings[0], DATA)
        for uuid, slot, name in ((disk_id, 5, "d0"), (card_id, 6, "d1")):
            m.qmp("device_del", id=name)
            check("unplugged %s: the guest is asked for slot %d" % (turn, slot),
                  mdev.to_be_ejected(m) == 1 << slot, mdev.to_be_ejected(m))
            eject(m, slot)
            check("unplugged %s: the instance of slot %d is idle" % (turn, slot),
                  until(lambda: state(uuid) == "idle"), state(uuid))
        check("unplugged %s: QEMU has closed the container" % turn,
              open_nodes(m) == 0, open_nodes(m))

    m.qmp("device_add", **device(disk_id, id="d0", addr="5"))
    drive = Disk(m)
    drive.start("a guest that does not answer")
    m.qmp("device_del", id="d0")
    m.qmp("system_reset")
    m.wait_event("RESET")
    m.wait_event("DEVICE_DELETED")
    check("the machine's reset unplugs a disk that the guest kept",
          open_nodes(m) == 0 and state(disk_id) == "idle",
          (open_nodes(m), state(disk_id)))
    end(m)


def test_killed(card_id, disk_id, rng_id):
    m = start(*option(card_id), *option(disk_id), *option(rng_id))
    card = new_card(m)
    card.start(8)
    card.offer_rx(card.rings[0], DATA)
    drive = Disk(m)
    drive.start("before QEMU is killed")
    m.process.kill()
    m.process.wait()
    for uuid in (card_id, disk_id, rng_id):
        check("an instance is idle when QEMU was killed",
              until(lambda: state(uuid) == "idle"), state(uuid))


# --- the host wants them back -------------------------------------------------------------

def test_remove(card_id, disk_id, _):
    """Removes both instances."""
    m = start(*option(card_id, addr=6), *option(disk_id, addr=5),
              machine_type="pc")
    card = new_card(m)
    card.start(8)
    card.traffic("before")
    drive = Disk(m)
    drive.start("before")
    for uuid, slot, name in ((disk_id, 5, "the disk"), (card_id, 6, "the card")):
        host = mdev.remover(uuid)
        check("the guest is asked for %s" % name,
              until(lambda: mdev.to_be_ejected(m) == 1 << slot),
              mdev.to_be_ejected(m))
        check("the host waits for %s" % name, host.poll() is None)
        eject(m, slot)
        check("%s is removed" % name, until(lambda: host.poll() is not None) and
              host.returncode == 0, host.poll())
        check("there is no such instance as %s any more" % name,
              not os.path.exists(MDEV + uuid))
        if slot == 5:
            card.traffic("the card still works")
    check("no container is left", open_nodes(m) == 0, open_nodes(m))
    end(m)


def test_revoke(_, __, rng_id):
    """A guest that cannot be asked loses the device, and QEMU goes on."""
    with open("/sys/module/vfio_mdev/parameters/remove_grace", "w") as f:
        f.write("2")
    m = start(*option(rng_id))
    dev = entropy(m, "before it is taken away")
    host = mdev.remover(rng_id)
    check("the host waits for a guest that cannot be asked",
          until(lambda: "does not support hotplugging" in m.said()) and
          host.poll() is None, m.said())
    check("an instance is taken away from a guest that keeps it",
          until(lambda: host.poll() is not None) and host.returncode == 0,
          host.poll())
    check("an instance that was taken away is gone",
          not os.path.exists(MDEV + rng_id))
    check("a device that was taken away reads as all ones",
          dev.get("device_status") == 0xff, dev.get("device_status"))
    check("QEMU goes on without the device",
          m.qmp("query-status")["status"] == "running")
    end(m, ".*: No such device.*")


# --- firmware -------------------------------------------------------------------------------

def test_boot(card_id, disk_id, _):
    mdev.test_boot(card_id, disk_id)


# --- hardware whose doorbells can be mapped ----------------------------------------------------

def mapped(m):
    """How many pages of devices are mapped into the machine."""
    tree = m.qmp("human-monitor-command", **{"command-line": "info mtree -f"})
    areas = set(re.findall(r"^ *([0-9a-f]+)-([0-9a-f]+) \(prio \d+, ramd\): .*",
                           tree, re.M))
    return sum(int(last, 16) + 1 - int(first, 16)
               for first, last in areas) // 4096


def test_doorbells(disk_id):
    m = start(*option(disk_id))
    drive = Disk(m)
    count = drive.dev.get("num_queues")

    def kicks():
        return [attribute(disk_id, "vq%d/kicks" % i) for i in range(count)]

    check("a page of doorbells is mapped for each virtqueue",
          count > 0 and mapped(m) == count, (count, mapped(m)))
    for packed, what in ((False, "split rings"), (True, "packed rings")):
        if packed and not drive.dev.offered() >> RING_PACKED & 1:
            continue
        drive.start(what, packed, more=(FLUSH, MQ))
        # a start may count as one
        before = kicks()
        for queue in range(count):
            data = os.urandom(4096)
            check("%s: what virtqueue %d writes is read" % (what, queue),
                  drive.request(queue, OUT, 8 * queue, data)[0] == OK and
                  drive.request(queue, IN, 8 * queue, size=4096) == (OK, data))
        check("%s: no kick comes through the kernel" % what,
              kicks() == before, (before, kicks()))
    end(m)


class Running(machine.Machine):
    """A machine that somebody else has started, by its QMP socket."""

    def __init__(self, path):
        self.events = []
        self.monitor = machine.Lines(path, None)
        self.monitor.read()
        self.qmp("qmp_capabilities")


def test_mapped(path, count):
    pages = mapped(Running(path))
    check("a page of doorbells is mapped for each virtqueue",
          pages == int(count), pages)


def main():
    name, *arguments = sys.argv[1:]
    try:
        globals()["test_" + name](*arguments)
    except (RuntimeError, OSError) as error:
        check("%s comes to its end" % name, False, error)
        if os.path.exists(STDERR):
            with open(STDERR, errors="replace") as f:
                print(f.read())
    return report.failures != 0


if __name__ == "__main__":
    sys.exit(main())
