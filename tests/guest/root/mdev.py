#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What QEMU does with instances, beside their data path.

    mdev.py [--chardev] TEST NET DISK [MORE]

Both are UUIDs: of an instance of mvnet, and of mvblk, which QEMU gets through VFIO
or the char device.  MORE is, for errors, the UUID of an instance of class VIRTIO,
for unprivileged, whether RLIMIT_MEMLOCK is enough, and for hardware, a disk on the
PCI bus.  Prints a line for each check.
"""

import argparse
import os
import re
import struct
import subprocess
import sys
import time

import disk
import machine
import net
import report
import virtio_pci
import vring
from report import check

MDEV = "/sys/bus/mdev/devices/"
CLASS = "/sys/bus/mdev_class/devices/"
STDERR = "/tmp/qemu.err"
# the registers of PCI hot-plug by ACPI: which bus, what is to go, ejection
HOTPLUG = 0xae00
PCI_DOWN, PCI_EJECT, PCI_SELECT = HOTPLUG + 4, HOTPLUG + 8, HOTPLUG + 0x10

# what vfio-pci has to say about a disk of the bus, in the end as at first
NO_RESET = (r"(qemu-system-x86_64: vfio: Cannot reset device %s, "
            r"no available reset mechanism\.\s*)*")

CARD = "virtio-net-pci,netdev=n0,mq=on,vectors=18,romfile="

chardev = False


def node(uuid):
    at = "%s%s/vhost-mdev" % (CLASS, uuid)
    return "/dev/" + os.listdir(at)[0]


def netdev(uuid):
    """An instance as a network backend, for QMP."""
    if chardev:
        return {"type": "vhost-vdpa", "id": "n0", "vhostdev": node(uuid)}
    return {"type": "vhost-mdev", "id": "n0", "sysfsdev": MDEV + uuid}


def device(uuid, **properties):
    """An instance as a device, for QMP."""
    if chardev:
        return {"driver": "vhost-vdpa-device-pci", "disable-legacy": "on",
                "vhostdev": node(uuid), **properties}
    return {"driver": "vhost-mdev-pci", "sysfsdev": MDEV + uuid, **properties}


def option(arguments):
    """The same for the command line."""
    return ",".join("%s=%s" % pair for pair in arguments.items())


def open_nodes(m):
    """How many containers or char devices QEMU has."""
    return m.count("/dev/vhost-mdev-" if chardev else "/dev/vfio/vfio")


def options(pairs):
    return argparse.Namespace(packed=False, pairs=pairs)


def start(*arguments, machine_type="pc", stderr=STDERR, command=()):
    return machine.Machine(
        [*command, "qemu-system-x86_64", "-M", machine_type],
        ["-accel", "tcg", "-m", "64", "-nodefaults", "-display", "none",
         "-global", "virtio-net-pci.disable-legacy=on", *arguments], stderr)


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def end(m, expected=""):
    """It ends, and had nothing to say but that."""
    status, said = m.quit()
    if chardev:
        # of all pairs of a card but the first, see client_qemu_10
        said = "".join(line for line in said.splitlines(True)
                       if "ring restore failed" not in line)
    check("QEMU ends with status 0", status == 0, status)
    check("QEMU prints %s" % (expected or "nothing"),
          bool(re.fullmatch(expected, said.strip(), re.S)),
          said.replace("\n", " | "))


def read(uuid, name):
    """An attribute of an instance."""
    with open("%s%s/%s" % (CLASS, uuid, name)) as f:
        return f.read().strip()


def state(uuid):
    return read(uuid, "state")


def set_link(uuid, text):
    with open("%s%s/link" % (CLASS, uuid), "w") as f:
        f.write(text)


def link(card, uuid):
    """The configuration space changes."""
    card.dev.set("config_msix_vector", 0)
    # the first one comes with the start
    time.sleep(0.5)
    card.dev.take_interrupt(0)
    for text, value in (("down", 0), ("up", 1)):
        set_link(uuid, text)
        check("the card sends an interrupt when its link goes %s" % text,
              until(lambda: card.dev.take_interrupt(0)))
        check("the driver sees that the link goes %s" % text,
              card.dev.read_config(6, "<H")[0] & 1 == value)


def network(m, what, pairs=8, first=0):
    card = net.Net(m, options(pairs))
    card.dev = virtio_pci.VirtioPci(m, net.NET, first)
    card.start(pairs)
    card.traffic(what)
    return card


def remover(uuid):
    """Somebody on the host who removes an instance."""
    return subprocess.Popen(["sh", "-c", "echo 1 >%s%s/remove" % (MDEV, uuid)],
                            start_new_session=True)


def to_be_ejected(m):
    m.outl(PCI_SELECT, 0)
    return m.inl(PCI_DOWN)


def eject(m, slot):
    """What a guest does when it is asked for a device."""
    m.outl(PCI_SELECT, 0)
    m.outl(PCI_EJECT, 1 << slot)
    m.wait_event("DEVICE_DELETED")


# --- two instances in a container ----------------------------------------------

def test_shared(card_id, disk_id):
    m = start("-netdev", option(netdev(card_id)), "-device", CARD,
              "-device", option(device(disk_id)))
    check("each instance has a node" if chardev else
          "both instances are in one container",
          open_nodes(m) == 1 + chardev, open_nodes(m))
    card = network(m, "the first")
    disk.session(m, "the second", (virtio_pci.VERSION_1,))
    check("both instances run", (state(card_id), state(disk_id)) ==
          ("running", "running"), (state(card_id), state(disk_id)))
    # disk.session() puts its rings where those of the card were
    card.start(8)
    card.traffic("the first again")
    link(card, card_id)
    end(m)


def test_hardware(card_id, disk_id, function):
    """The same, and a function of the PCI bus by vfio-pci."""
    m = start("-device", "vfio-pci,host=%s,addr=5" % function,
              "-netdev", option(netdev(card_id)), "-device", CARD + ",addr=6",
              "-device", option(device(disk_id, addr=7)))
    check("the function and both instances are in one container",
          open_nodes(m) == 1, open_nodes(m))
    disk.session(m, "the function", (virtio_pci.VERSION_1,))
    disk.session(m, "the disk", (virtio_pci.VERSION_1,), 6)
    network(m, "the card")
    check("both instances run beside the function",
          (state(card_id), state(disk_id)) == ("running", "running"),
          (state(card_id), state(disk_id)))
    disk.session(m, "the function again", (virtio_pci.VERSION_1,))
    end(m, NO_RESET % function)


# QEMU's options for notified()
TRACE = "/tmp/trace.log"
TRACED = ("-D", TRACE, "-trace", "vfio_region_write",
          "-trace", "vfio_virtio_notify*")


def notified():
    """Where queues have eventfds, a dict, and where QEMU writes 16 bits.

    Both from the trace of a QEMU that has ended.
    """
    with open(TRACE) as f:
        trace = f.read()
    eventfds = dict(re.findall(
        r"vfio_virtio_notify_queue \S+:(region\w+\+\w+): virtqueue (\d+)",
        trace))
    writes = re.findall(
        r"vfio_region_write +\(\S+:(region\w+\+\w+), 0x\w+, 2\)", trace)
    return eventfds, writes


def test_notify(card_id, disk_id, function):
    """Eventfds notify the function's queues, unless they are turned off."""
    places = {}
    for off in ("off", "on"):
        m = start(*TRACED, "-device",
                  "vfio-pci,id=f0,host=%s,addr=5,x-no-mmap=on,"
                  "x-no-virtio-ioeventfd=%s" % (function, off))
        disk.session(m, "with x-no-virtio-ioeventfd=" + off,
                     (virtio_pci.VERSION_1,))
        m.qmp("system_reset")
        m.wait_event("RESET")
        disk.session(m, "the same after a reset", (virtio_pci.VERSION_1,))
        m.qmp("device_del", id="f0")
        eject(m, 5)
        check("the function is unplugged", open_nodes(m) == 0, open_nodes(m))
        end(m, NO_RESET % function)
        eventfds, writes = notified()
        kicks = [where for where in writes if where in (eventfds or places)]
        if off == "off":
            places = eventfds
            check("each of the four queues has an eventfd and a place",
                  sorted(eventfds.values()) == list("0123"), eventfds)
            check("QEMU does not write to notify the queues", not kicks, kicks)
        else:
            check("no queue has an eventfd if they are turned off",
                  not eventfds, eventfds)
            check("QEMU writes to notify the queues if eventfds are turned off",
                  len(kicks) >= 4, (places, writes))


# --- hot-plug -------------------------------------------------------------------

def test_hotplug(card_id, disk_id):
    m = start()
    for turn in ("once", "twice"):
        m.qmp("device_add", **device(disk_id, id="d0", addr="5"))
        disk.session(m, "a disk is plugged in %s" % turn,
                     (virtio_pci.VERSION_1,))
        m.qmp("device_del", id="d0")
        check("the guest is asked for the unplugged disk",
              to_be_ejected(m) == 1 << 5, to_be_ejected(m))
        eject(m, 5)
        check("the disk is unplugged", state(disk_id) == "idle", state(disk_id))
        check("the disk is closed", open_nodes(m) == 0, open_nodes(m))

        m.qmp("netdev_add", **netdev(card_id))
        m.qmp("device_add", driver="virtio-net-pci", netdev="n0", id="d1",
              addr="6", mq=True, vectors=18, romfile="",
              **{"page-per-vq": turn == "twice"})
        network(m, "a network card is plugged in %s" % turn)
        doorbells = m.doorbells()
        if not chardev:  # there, the instance has none
            check("doorbells are mapped into the machine if it has pages for "
                  "them", bool(doorbells) == (turn == "twice"), doorbells)
        # without a reset: its driver could still ring
        m.qmp("device_del", id="d1")
        eject(m, 6)
        if doorbells:
            check("an unplugged card leaves no doorbell",
                  m.doorbells() == 0, m.doorbells())
        # with the char device, the backend sets up again what it knows
        idle = ("idle", "setup") if chardev else ("idle",)
        check("the card's instance does nothing", state(card_id) in idle,
              state(card_id))
        m.qmp("netdev_del", id="n0")
        check("the card is closed", open_nodes(m) == 0, open_nodes(m))

    m.qmp("device_add", **device(disk_id, id="d0", addr="5"))
    disk.session(m, "a guest that will not answer", (virtio_pci.VERSION_1,))
    m.qmp("device_del", id="d0")
    m.qmp("system_reset")
    m.wait_event("RESET")
    m.wait_event("DEVICE_DELETED")
    check("the machine's reset unplugs the disk", open_nodes(m) == 0 and
          state(disk_id) == "idle", (open_nodes(m), state(disk_id)))
    end(m)


# --- the host wants it back -------------------------------------------------------

def test_remove(card_id, disk_id):
    m = start("-netdev", option(netdev(card_id)), "-device", CARD + ",addr=6",
              "-device", option(device(disk_id, addr=5)))
    network(m, "at first")
    disk.session(m, "at first", (virtio_pci.VERSION_1,))

    host = remover(disk_id)
    check("the guest is asked for the disk",
          until(lambda: to_be_ejected(m) == 1 << 5), to_be_ejected(m))
    check("the host's removal waits", host.poll() is None)
    eject(m, 5)
    check("the disk is removed", until(lambda: host.poll() is not None) and
          host.returncode == 0, host.poll())
    check("the removed disk is gone",
          not os.path.exists(MDEV + disk_id))

    network(m, "the card still works")
    host = remover(card_id)
    check("the guest is asked for the card",
          until(lambda: to_be_ejected(m) == 1 << 6), to_be_ejected(m))
    eject(m, 6)
    # what remains, the netdev, goes when the kernel asks again
    check("the card is removed", until(lambda: host.poll() is not None, 60) and
          host.returncode == 0, host.poll())
    check("no container is left", open_nodes(m) == 0, open_nodes(m))
    end(m, "qemu-system-x86_64: info: vhost-mdev: %s: the host wants it back, "
        "netdev n0 is deleted" % card_id)


def test_refuse(card_id, disk_id):
    """A slot without hot-plug: the host has to wait, and QEMU says so."""
    m = start("-device", option(device(disk_id)), machine_type="q35")
    disk.session(m, "before", (virtio_pci.VERSION_1,))
    host = remover(disk_id)
    check("QEMU says that the disk cannot be unplugged",
          until(lambda: "wants it back" in m.said()),
          m.said())
    disk.session(m, "meanwhile", (virtio_pci.VERSION_1,))
    time.sleep(12)
    check("the host's removal waits", host.poll() is None)
    end(m, "qemu-system-x86_64: warning: vhost-mdev: %s: the host wants it "
        "back: Bus 'pcie.0' does not support hotplugging" % disk_id)
    check("the disk is removed when QEMU ends",
          until(lambda: host.poll() is not None) and host.returncode == 0, host.poll())


# --- firmware --------------------------------------------------------------------

def boot(*arguments):
    """Until the guest ends it: the status, what QEMU and firmware had to say."""
    log = "/tmp/firmware.log"
    process = subprocess.Popen(
        ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-m", "64",
         "-nodefaults", "-display", "none", "-no-reboot",
         "-device", "isa-debug-exit,iobase=0x501,iosize=2",
         "-chardev", "file,id=log,path=" + log,
         "-device", "isa-debugcon,iobase=0x402,chardev=log", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    try:
        said = process.communicate(timeout=120)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        said = process.communicate()[0]
    with open(log, errors="replace") as f:
        return process.returncode, said.decode(), f.read()


def test_boot(card_id, disk_id):
    """Firmware boots the disk that it is told to."""
    other = "/tmp/other.img"

    def sector(code):
        # mov dx, 0x501; mov al, code; out dx, al; hlt; jmp to the hlt
        return (b"\xba\x01\x05\xb0" + bytes([code]) +
                b"\xee\xf4\xeb\xfd").ljust(510, b"\0") + b"\x55\xaa"

    m = start("-device", option(device(disk_id)))
    dev, ring = disk.driver(m, "at first", (virtio_pci.VERSION_1,))
    check("a boot sector is written", disk.request(m, dev, ring, 1, sector(10),
                                                   0)[0] == 0)
    end(m)
    with open(other, "wb") as f:
        f.write(sector(20).ljust(1 << 20, b"\0"))
    for ours, theirs, code in ((0, 1, 10), (1, 0, 20)):
        status, said, firmware = boot(
            "-drive", "if=none,id=other,format=raw,file=" + other, "-device",
            "virtio-blk-pci,drive=other,addr=4,bootindex=%d" % theirs,
            "-device", option(device(disk_id, addr=5, bootindex=ours)))
        # what is written to the port comes as an odd status
        check("the disk with bootindex=0 is booted, %s"
              % ("the instance" if ours == 0 else "the other"),
              status == 2 * code + 1,
              "status %s, firmware says\n%s" % (status, firmware))
        check("QEMU prints nothing", not said, said)


# --- stop and go on ---------------------------------------------------------------

def test_stop(card_id, disk_id):
    m = start("-netdev", option(netdev(card_id)), "-device", CARD)
    card = network(m, "at first")
    check("the driver wants no frames for others",
          card.command(net.CTRL_RX_CLASS, 0, b"\0") == 0)
    for turn in ("once", "twice"):
        m.qmp("stop")
        # as if it had come in the last moment, and been told of before
        rx, tx = card.rings[:2]
        rx.add([[(net.DATA, net.BUFFER, True)]])
        frame = bytes(net.HEADER) + card.frames(1, card.mac)[0]
        m.write(net.DATA + net.BUFFER, frame)
        tx.add([[(net.DATA + net.BUFFER, len(frame), False)]])
        time.sleep(0.5)
        check("a stopped card touches no buffer, %s" % turn,
              not tx.take() and not rx.take())
        m.qmp("cont")
        check("a card that goes on uses the buffers that wait",
              len(card.wait(tx, 1)) == 1 and len(card.wait(rx, 1)) == 1)
        card.traffic("it went on %s" % turn)
        # with the char device, the device was reset
        if not chardev:
            got = card.foreign()
            check("what the control queue was told lasts", got == 0, got)

    m.qmp("stop")
    m.qmp("system_reset")
    m.wait_event("RESET")
    m.qmp("cont")
    network(m, "after a reset while it stood still")
    end(m)


def map_memory(m, below):
    """Have the chipset's PAM0 map RAM at 0xf0000, or not.

    In the first case that and what lies above are one section, in the other
    they are two.
    """
    m.outl(0xcf8, 0x80000090)
    m.outl(0xcfc, 0x30 if below else 0)


def test_map(card_id, disk_id):
    m = start("-netdev", option(netdev(card_id)), "-device", CARD,
              machine_type="q35")
    card = network(m, "at first")
    check("the driver wants no frames for others",
          card.command(net.CTRL_RX_CLASS, 0, b"\0") == 0)
    check("the driver can have all pairs", card.command(
        net.CTRL_MQ_CLASS, 0, struct.pack("<H", card.max_pairs)) == 0)
    for below, what in ((True, "joined"), (False, "split")):
        map_memory(m, below)
        card.traffic("sections are " + what)
        card.traffic("sections are %s, another pair" % what, 7)
    for below, what in ((True, "joined"), (False, "split")):
        m.qmp("stop")
        map_memory(m, below)
        m.qmp("cont")
        card.traffic("sections were %s while it stood still" % what)
    if not chardev:
        # there QEMU sets it up again, without that
        got = card.foreign()
        check("what the control queue was told lasts", got == 0, got)
    # which splits them
    map_memory(m, True)
    card.offer_rx(card.rings[0], net.DATA)
    m.qmp("system_reset")
    m.wait_event("RESET")
    network(m, "after a reset")
    end(m)


def test_killed(card_id, disk_id):
    m = start("-netdev", option(netdev(card_id)), "-device", CARD,
              "-device", option(device(disk_id)))
    card = network(m, "before")
    card.offer_rx(card.rings[0], net.DATA)
    m.process.kill()
    m.process.wait()
    for uuid in (card_id, disk_id):
        check("an instance is idle when QEMU was killed",
              until(lambda: state(uuid) == "idle"), state(uuid))


# --- memory that is given back ------------------------------------------------------

def inflate(m, page):
    """Give a page to the balloon."""
    dev = virtio_pci.VirtioPci(m, 5)
    dev.reset()
    if not dev.negotiate(1 << virtio_pci.VERSION_1):
        raise RuntimeError("features")
    ring = vring.Split(m, 0x280000, 16)
    dev.add_queue(0, ring)
    dev.driver_ok()
    m.write(0x290000, struct.pack("<I", page >> 12))
    ring.add([[(0x290000, 4, False)]])
    dev.kick(ring)
    if not until(ring.take):
        raise RuntimeError("the balloon does not answer")


def test_balloon(card_id, disk_id):
    page = 0x1000000
    for beside in ([], ["-device", option(device(disk_id))]):
        m = start("-device", "virtio-balloon-pci,disable-legacy=on", *beside)
        m.write(page, b"\xa5" * 4096)
        inflate(m, page)
        kept = m.read(page, 4096) == b"\xa5" * 4096
        if beside:
            check("a balloon discards nothing beside an instance", kept)
        else:
            check("a balloon discards memory by itself", not kept)
        end(m)


# --- an IOMMU in the machine ----------------------------------------------------------

class Iommu:
    """Intel's, with tables that have devices see memory SHIFT lower than it is.

    A program that uses this in place of the machine has the addresses that
    devices have.
    """

    SHIFT = SIZE = 0x1000000
    REGISTERS = 0xfed90000
    GCMD, GSTS, RTADDR, ECAP = 0x18, 0x1c, 0x20, 0x10
    ROOT, CONTEXT, UPPER, LOWER = 0x3000000, 0x3001000, 0x3002000, 0x3003000
    HUGE = 0x200000

    def __init__(self, m):
        self.m = m
        m.write(self.ROOT, struct.pack("<QQ", self.CONTEXT | 1, 0) +
                bytes(4096 - 16))
        # all devices of bus 0 in one domain, with tables of three levels
        m.write(self.CONTEXT, struct.pack("<QQ", self.UPPER | 1, 1 << 8 | 1) *
                256)
        m.write(self.UPPER, struct.pack("<Q", self.LOWER | 3) + bytes(4096 - 8))
        m.write(self.LOWER, bytes(4096))
        for at in range(0, self.SIZE, self.HUGE):
            self.entry(at, at + self.SHIFT)
        m.store(self.REGISTERS + self.RTADDR, 8, self.ROOT)
        for bit in (30, 31):
            m.store(self.REGISTERS + self.GCMD, 4, 1 << bit)
            if not m.load(self.REGISTERS + self.GSTS, 4) >> bit & 1:
                raise RuntimeError("the IOMMU does not take bit %d" % bit)

    def __getattr__(self, name):
        return getattr(self.m, name)

    def entry(self, at, memory):
        """2 MiB; memory may be None."""
        self.m.store(self.LOWER + at // self.HUGE * 8, 8,
                     0 if memory is None else memory | 0x83)

    def unmap(self, at):
        self.entry(at, None)
        register = (self.m.load(self.REGISTERS + self.ECAP, 8) >> 8 & 0x3ff) * 16
        # all of it
        self.m.store(self.REGISTERS + register + 8, 8, 1 << 63 | 1 << 60)

    def where(self, address):
        return address + self.SHIFT if address < self.SIZE else address

    def read(self, address, size):
        return self.m.read(self.where(address), size)

    def write(self, address, data):
        self.m.write(self.where(address), data)

    def load(self, address, size):
        return self.m.load(self.where(address), size)

    def store(self, address, size, value):
        self.m.store(self.where(address), size, value)


def test_iommu(card_id, disk_id):
    m = start("-device", "intel-iommu,caching-mode=on",
              "-netdev", option(netdev(card_id)),
              "-device", CARD + ",iommu_platform=on", "-device",
              option(device(disk_id, iommu_platform="on")), machine_type="q35")
    card = network(m, "before the IOMMU is on")
    disk.session(m, "before the IOMMU is on", (virtio_pci.VERSION_1,))

    card.dev.reset()
    behind = Iommu(m)
    card = network(behind, "behind the IOMMU")
    disk.session(behind, "behind the IOMMU", (virtio_pci.VERSION_1,))
    card.start(8)
    card.dev.set("config_msix_vector", 0)
    card.traffic("behind the IOMMU, again")

    # where nobody else has anything
    hole = Iommu.SIZE - Iommu.HUGE
    card.offer_rx(card.rings[0], hole)
    behind.unmap(hole)
    card.dev.take_interrupt(0)
    card.send(card.rings[1], net.DATA, card.frames(1, card.mac))
    check("a buffer that is unmapped breaks the device",
          until(lambda: card.dev.get("device_status") &
                virtio_pci.NEEDS_RESET), card.dev.get("device_status"))
    check("the driver of a broken device gets an interrupt",
          until(lambda: card.dev.take_interrupt(0)))
    disk.session(behind, "another device is not concerned",
                 (virtio_pci.VERSION_1,))
    end(m, ".*vhost-mdev: %s: needs a reset.*" % card_id)


# --- what can go wrong ----------------------------------------------------------------

def refused(m, what, expected, command="device_add", **arguments):
    if command == "device_add":
        arguments = {"driver": "vhost-mdev-pci", **arguments}
    elif command == "netdev_add":
        arguments = {"type": "vhost-mdev", "id": "n0", **arguments}
    try:
        m.qmp(command, **arguments)
        got = "it works"
    except RuntimeError as error:
        got = str(error)
    check("%s: %s" % (what, expected), expected in got, got)


def test_errors(card_id, disk_id, kernel_id):
    m = start()
    nobody = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
    refused(m, "no path", "sysfsdev is missing")
    refused(m, "no instance", "no instance %s%s: No such file" % (MDEV, nobody),
            sysfsdev=MDEV + nobody)
    refused(m, "another device", "is no mediated device",
            sysfsdev="/sys/devices/system/cpu/cpu0")
    refused(m, "a device for the kernel's drivers",
            "is in no IOMMU group, so it is no VFIO device (its device_api is "
            "virtio-mdev)", sysfsdev=MDEV + kernel_id)
    refused(m, "a disk for a network card",
            "of type 2, not a network device; -device vhost-mdev-pci takes it",
            "netdev_add", sysfsdev=MDEV + disk_id)
    refused(m, "too large a queue", "a power of two up to 1024 is possible",
            sysfsdev=MDEV + disk_id, **{"queue-size": 4096})
    refused(m, "an odd queue", "a power of two up to 1024 is possible",
            sysfsdev=MDEV + disk_id, **{"queue-size": 100})
    check("refused devices leave nothing open", open_nodes(m) == 0 and
          state(disk_id) == "idle", (open_nodes(m), state(disk_id)))

    os.rename("/dev/vfio/vfio", "/dev/vfio/hidden")
    refused(m, "no container", "is the module vfio_iommu_type1 loaded?",
            sysfsdev=MDEV + disk_id)
    os.rename("/dev/vfio/hidden", "/dev/vfio/vfio")

    m.qmp("device_add", **device(disk_id, id="d0"))
    refused(m, "twice in one QEMU", "another device of this QEMU",
            sysfsdev=MDEV + disk_id)
    other = start(stderr="/tmp/other.err")
    refused(other, "in another QEMU", "another program, or another device of "
            "this QEMU, has the instance open", sysfsdev=MDEV + disk_id)
    end(other)
    refused(m, "open as a char device", "the kernel log of the host has the "
            "reason", sysfsdev=MDEV + card_id)
    end(m)


def test_unprivileged(card_id, disk_id, enough):
    """As nobody, with as much locked memory as the shell gives."""
    group = os.path.basename(os.readlink("%s%s/iommu_group" % (MDEV, disk_id)))
    at = "/dev/vfio/" + group
    m = start(command=("setpriv", "--reuid=65534", "--regid=65534",
                       "--clear-groups"))
    refused(m, "without access", "QEMU's user needs access to " + at,
            sysfsdev=MDEV + disk_id)
    os.chown(at, 65534, 65534)
    m.qmp("device_add", **device(disk_id, id="d0"))
    os.chown(at, 0, 0)
    if enough == "yes":
        disk.session(m, "by nobody", (virtio_pci.VERSION_1,))
        end(m)
        return
    dev = virtio_pci.VirtioPci(m, disk.BLOCK)
    dev.reset()
    dev.negotiate(1 << virtio_pci.VERSION_1)
    dev.enable_msix(disk.VECTORS, 1)
    dev.set("config_msix_vector", 0)
    dev.add_queue(0, vring.Split(m, disk.RINGS, 64))
    dev.driver_ok()
    check("a driver without locked memory is told to reset",
          until(lambda: dev.get("device_status") & virtio_pci.NEEDS_RESET),
          dev.get("device_status"))
    check("a driver without locked memory gets an interrupt",
          until(lambda: dev.take_interrupt(0)))
    end(m, ".*cannot start the device: Cannot allocate memory; .*"
        "raise RLIMIT_MEMLOCK.*")


def main():
    global chardev
    arguments = sys.argv[1:]
    if arguments[0] == "--chardev":
        chardev = True
        arguments.pop(0)
    name, *arguments = arguments
    try:
        globals()["test_" + name](*arguments)
    except (RuntimeError, OSError) as error:
        check("%s comes to its end" % name, False, error)
        if os.path.exists(STDERR):
            with open(STDERR) as f:
                print(f.read())
    return report.failures != 0


if __name__ == "__main__":
    sys.exit(main())
