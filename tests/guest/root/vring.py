# SPDX-License-Identifier: GPL-2.0-only
"""The driver's side of a virtqueue in the memory of a Machine.

A chain is a list of buffers (address, length, for the device to write).
"""

import struct

NEXT, WRITE = 1, 2
AVAIL, USED = 1 << 7, 1 << 15


class Split:
    """A split ring of size entries at base, which wants 16 KiB."""

    def __init__(self, machine, base, size):
        self.m = machine
        self.size = size
        self.areas = (base, base + 16 * size, base + 0x3000)
        machine.write(base, bytes(0x4000))
        self.avail = self.used = 0
        self.free = list(range(size))
        self.chains = {}
        # what the driver writes, to be written at once
        self.table = bytearray(16 * size)
        self.heads = bytearray(2 * size)

    def add(self, chains):
        """Offer chains; whoever calls knows that there is room."""
        heads = []
        for chain in chains:
            ids = [self.free.pop() for _ in chain]
            for i, (address, length, write) in enumerate(chain):
                more = i + 1 < len(chain)
                struct.pack_into("<QIHH", self.table, 16 * ids[i],
                                 address, length,
                                 (NEXT if more else 0) | (WRITE if write else 0),
                                 ids[i + 1] if more else 0)
            heads.append(ids[0])
            self.chains[ids[0]] = ids
            struct.pack_into("<H", self.heads, 2 * (self.avail % self.size),
                             ids[0])
            self.avail = self.avail + 1 & 0xffff
        self.m.write(self.areas[0], self.table)
        self.m.write(self.areas[1] + 4, self.heads)
        self.m.store(self.areas[1] + 2, 2, self.avail)
        return heads

    def take(self):
        """What the device has used: a list of (id of the chain, length)."""
        done = []
        idx = self.m.load(self.areas[2] + 2, 2)
        if idx == self.used:
            return done
        table = self.m.read(self.areas[2] + 4, 8 * self.size)
        while self.used != idx:
            head, length = struct.unpack_from("<II", table,
                                              8 * (self.used % self.size))
            self.used = self.used + 1 & 0xffff
            self.free += self.chains.pop(head)
            done.append((head, length))
        return done


class Packed:
    """A packed ring of size entries at base, which wants 16 KiB."""

    def __init__(self, machine, base, size):
        self.m = machine
        self.size = size
        self.areas = (base, base + 0x3000, base + 0x3800)
        machine.write(base, bytes(0x4000))
        self.next = self.used = 0
        self.next_wrap = self.used_wrap = 1
        self.free = list(range(size))
        self.chains = {}

    def add(self, chains):
        heads = []
        entries = []
        for chain in chains:
            ident = self.free.pop()
            self.chains[ident] = len(chain)
            for i, (address, length, write) in enumerate(chain):
                flags = AVAIL if self.next_wrap else USED
                flags |= (NEXT if i + 1 < len(chain) else 0) | \
                    (WRITE if write else 0)
                entries.append((self.next, struct.pack("<QIHH", address,
                                                       length, ident, flags)))
                self.next += 1
                if self.next == self.size:
                    self.next = 0
                    self.next_wrap ^= 1
            heads.append(ident)
        # the very first one's flags make all of them available
        at, first = entries[0]
        self.m.write(self.areas[0] + 16 * at, first[:14])
        run = b""
        start = at + 1
        for at, entry in entries[1:]:
            if at == 0:
                self.put(start, run)
                run, start = b"", 0
            run += entry
        self.put(start, run)
        self.m.write(self.areas[0] + 16 * entries[0][0] + 14, first[14:])
        return heads

    def put(self, at, entries):
        if entries:
            self.m.write(self.areas[0] + 16 * at, entries)

    def take(self):
        done = []
        ring = self.m.read(self.areas[0], 16 * self.size)
        while True:
            _, length, ident, flags = struct.unpack_from("<QIHH", ring,
                                                         16 * self.used)
            if bool(flags & AVAIL) != bool(self.used_wrap) or \
               bool(flags & USED) != bool(self.used_wrap):
                return done
            self.used += self.chains.pop(ident)
            if self.used >= self.size:
                self.used -= self.size
                self.used_wrap ^= 1
            self.free.append(ident)
            done.append((ident, length))
