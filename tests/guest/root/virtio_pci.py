# SPDX-License-Identifier: GPL-2.0-only
"""A driver for virtio-pci, version 1, on a Machine."""

import struct
import time

VENDOR = 0x1af4
VERSION_1 = 32
ACCESS_PLATFORM = 33
RING_PACKED = 34
EVENT_IDX = 29

ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, NEEDS_RESET, FAILED = \
    1, 2, 4, 8, 64, 128

# where BARs go: above the machine's memory and below the I/O APIC
BAR_BASE = 0xe0000000
NO_VECTOR = 0xffff

# struct virtio_pci_common_cfg: name -> offset, size
COMMON = {
    "device_feature_select": (0, 4), "device_feature": (4, 4),
    "driver_feature_select": (8, 4), "driver_feature": (12, 4),
    "config_msix_vector": (16, 2), "num_queues": (18, 2),
    "device_status": (20, 1), "config_generation": (21, 1),
    "queue_select": (22, 2), "queue_size": (24, 2),
    "queue_msix_vector": (26, 2), "queue_enable": (28, 2),
    "queue_notify_off": (30, 2), "queue_desc": (32, 8),
    "queue_driver": (40, 8), "queue_device": (48, 8),
}


class PciDevice:
    """Find a device by its ids, and give it addresses."""

    def __init__(self, machine, vendor, device, first=0):
        self.m = machine
        for slot in range(first, 32):
            self.slot = slot
            self.address = 0x80000000 | slot << 11
            if self.read(0, 4) == (device << 16 | vendor):
                break
        else:
            raise RuntimeError("no PCI device %04x:%04x" % (vendor, device))
        self.bars = {}
        self.assign()
        # memory and bus master
        self.write(4, 2, self.read(4, 2) | 6)

    def read(self, offset, size):
        self.m.outl(0xcf8, self.address | offset & ~3)
        value = self.m.inl(0xcfc) >> 8 * (offset & 3)
        return value & (1 << 8 * size) - 1

    def write(self, offset, size, value):
        if size < 4:
            word = self.read(offset & ~3, 4)
            shift = 8 * (offset & 3)
            mask = (1 << 8 * size) - 1
            value = word & ~(mask << shift) | (value & mask) << shift
        self.m.outl(0xcf8, self.address | offset & ~3)
        self.m.outl(0xcfc, value)

    def assign(self):
        # not where those of another device are
        where = self.m.next_bar or BAR_BASE
        bar = 0
        while bar < 6:
            register = 0x10 + 4 * bar
            self.write(register, 4, 0xffffffff)
            got = self.read(register, 4)
            wide = got & 6 == 4
            if got and not got & 1:
                size = -(got & ~0xf) & 0xffffffff
                where = (where + size - 1) & -size
                self.write(register, 4, where)
                if wide:
                    self.write(register + 4, 4, 0)
                self.bars[bar] = where
                where += size
            bar += 2 if wide else 1
        self.m.next_bar = where

    def capabilities(self):
        at = self.read(0x34, 1)
        while at:
            yield at, self.read(at, 1)
            at = self.read(at + 1, 1)

    def capability(self, kind):
        for at, this in self.capabilities():
            if this == kind:
                return at
        raise RuntimeError("no capability 0x%x" % kind)


class VirtioPci:
    """The device: handshake, queues, configuration, interrupts."""

    def __init__(self, machine, device_type, first=0):
        self.m = machine
        self.pci = PciDevice(machine, VENDOR, 0x1040 + device_type, first)
        self.where = {}
        for at, kind in self.pci.capabilities():
            if kind == 0x11:
                self.msix = at
            if kind != 9:
                continue
            cfg_type = self.pci.read(at + 3, 1)
            bar = self.pci.read(at + 4, 1)
            if cfg_type == 5:
                self.window = at
            if cfg_type not in self.where and bar in self.pci.bars:
                self.where[cfg_type] = \
                    self.pci.bars[bar] + self.pci.read(at + 8, 4)
                if cfg_type == 1:
                    self.common_bar = bar
                    self.common_offset = self.pci.read(at + 8, 4)
                if cfg_type == 2:
                    self.multiplier = self.pci.read(at + 16, 4)
        self.common, self.notify = self.where[1], self.where[2]
        # not if the device has no configuration
        self.config = self.where.get(4)
        self.vectors = 0

    def get(self, name):
        offset, size = COMMON[name]
        return self.m.load(self.common + offset, size)

    def set(self, name, value):
        offset, size = COMMON[name]
        if size == 8:
            self.m.store(self.common + offset, 4, value & 0xffffffff)
            self.m.store(self.common + offset + 4, 4, value >> 32)
        else:
            self.m.store(self.common + offset, size, value)

    def read_config(self, offset, fmt):
        size = struct.calcsize(fmt)
        return struct.unpack(fmt, bytes(
            self.m.load(self.config + offset + i, 1) for i in range(size)))

    # MSI-X, with messages that go to memory, where they can be seen

    def vector_count(self):
        return (self.pci.read(self.msix + 2, 2) & 0x7ff) + 1

    def enable_msix(self, base, vectors):
        table, self.pba = (
            self.pci.bars[where & 7] + (where & ~7)
            for where in (self.pci.read(self.msix + at, 4) for at in (4, 8)))
        count = self.vector_count()
        if vectors > count:
            raise RuntimeError("%d vectors of %d" % (vectors, count))
        self.m.write(base, bytes(4 * vectors))
        for i in range(vectors):
            self.m.store(table + 16 * i, 4, base + 4 * i)
            self.m.store(table + 16 * i + 4, 4, 0)
            self.m.store(table + 16 * i + 8, 4, 0x1000 + i)
            self.m.store(table + 16 * i + 12, 4, 0)
        self.pci.write(self.msix + 2, 2, 0x8000)
        self.table = table
        self.messages = base
        self.vectors = vectors

    def take_interrupt(self, vector):
        """Whether there was one since the last time."""
        at = self.messages + 4 * vector
        value = self.m.load(at, 4)
        if value:
            self.m.store(at, 4, 0)
        return value == 0x1000 + vector

    def mask(self, vector, masked):
        self.m.store(self.table + 16 * vector + 12, 4, int(masked))

    def mask_all(self, masked):
        self.pci.write(self.msix + 2, 2, 0xc000 if masked else 0x8000)

    def pending(self, vector):
        """Whether an interrupt waits for the vector to be unmasked."""
        word = self.m.load(self.pba + vector // 32 * 4, 4)
        return bool(word >> vector % 32 & 1)

    # the way to the registers that firmware has without BARs

    def through_window(self, name, value=None):
        """Read a register of the common configuration, or write it."""
        offset, size = COMMON[name]
        at = self.window
        self.pci.write(at + 4, 1, self.common_bar)
        self.pci.write(at + 8, 4, self.common_offset + offset)
        self.pci.write(at + 12, 4, size)
        if value is None:
            return self.pci.read(at + 16, size)
        self.pci.write(at + 16, 4, value)
        return None

    # handshake

    def reset(self):
        self.set("device_status", 0)
        deadline = time.monotonic() + 30
        while self.get("device_status"):
            if time.monotonic() > deadline:
                raise RuntimeError("a reset without end")

    def offered(self):
        value = 0
        for i in range(2):
            self.set("device_feature_select", i)
            value |= self.get("device_feature") << 32 * i
        return value

    def negotiate(self, features):
        """Returns whether the device took them."""
        self.set("device_status", ACKNOWLEDGE)
        self.set("device_status", ACKNOWLEDGE | DRIVER)
        for i in range(2):
            self.set("driver_feature_select", i)
            self.set("driver_feature", features >> 32 * i & 0xffffffff)
        self.features = features
        self.set("device_status", ACKNOWLEDGE | DRIVER | FEATURES_OK)
        return bool(self.get("device_status") & FEATURES_OK)

    def queue_size(self, index):
        """The largest that a queue can be."""
        self.set("queue_select", index)
        return self.get("queue_size")

    def add_queue(self, index, ring, vector=NO_VECTOR):
        self.set("queue_select", index)
        self.set("queue_size", ring.size)
        self.set("queue_msix_vector", vector)
        if self.get("queue_msix_vector") != vector:
            raise RuntimeError("no vector for queue %d" % index)
        for name, address in zip(("queue_desc", "queue_driver",
                                  "queue_device"), ring.areas):
            self.set(name, address)
        ring.doorbell = self.notify + \
            self.get("queue_notify_off") * self.multiplier
        ring.index = index
        self.set("queue_enable", 1)

    def driver_ok(self):
        self.set("device_status",
                 self.get("device_status") | DRIVER_OK)

    def kick(self, ring):
        self.m.store(ring.doorbell, 2, ring.index)
