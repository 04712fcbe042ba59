#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Be the driver of a network card that QEMU has from an instance.

    net.py [--script NAME] [--svq] [--packed] [--pairs N] INSTANCE

INSTANCE is what the script that starts QEMU wants: the node of the char device,
or the UUID.  The device is one that returns each frame.  Prints a line for each
check.
"""

import argparse
import random
import re
import struct
import sys
import time

import machine
import report
from report import check
import virtio_pci
from virtio_pci import ACCESS_PLATFORM, EVENT_IDX, RING_PACKED, VERSION_1
import vring

NET = 1
CSUM, GUEST_CSUM, MAC, MRG_RXBUF, STATUS, CTRL_VQ, CTRL_RX, MQ, \
    CTRL_MAC_ADDR = 0, 1, 5, 15, 16, 17, 18, 22, 23
# classes of the control queue
CTRL_RX_CLASS, CTRL_MAC_CLASS, CTRL_MQ_CLASS = 0, 1, 4

RINGS, DATA, VECTORS = 0x200000, 0x400000, 0x180000
BUFFER = 2048
BATCH = 64
HEADER = 12
FOREIGN = bytes.fromhex("525400a1b2c3")


def bits(*numbers):
    return sum(1 << n for n in numbers)


class Net:
    """The driver, from reset to traffic."""

    def __init__(self, m, args):
        self.m = m
        self.args = args
        self.random = random.Random(1)
        self.seq = 0
        self.dev = virtio_pci.VirtioPci(m, NET)

    def start(self, pairs, without=(), more=()):
        dev = self.dev
        dev.reset()
        offered = dev.offered()
        want = bits(VERSION_1, MAC, STATUS, CTRL_VQ, CTRL_MAC_ADDR, MRG_RXBUF,
                    EVENT_IDX, CTRL_RX, *more)
        if pairs > 1:
            want |= bits(MQ)
        if self.args.packed:
            want |= bits(RING_PACKED)
        # offered only with an IOMMU in the machine, and then a must
        want |= bits(ACCESS_PLATFORM)
        # the rings here are polled, so an event index that never moves
        # would keep interrupts back
        want &= ~bits(EVENT_IDX, *without)
        if not check("QEMU offers what is wanted",
                     not bits(VERSION_1, MAC, CTRL_VQ) & ~offered and
                     (pairs == 1 or offered & bits(MQ)) and
                     (not self.args.packed or offered & bits(RING_PACKED)),
                     hex(offered)):
            raise RuntimeError("features")
        check("the features are accepted", dev.negotiate(want & offered))
        # the control queue follows all pairs, or the first if there is no MQ
        self.mac = bytes(dev.read_config(0, "6B"))
        self.max_pairs = dev.read_config(8, "<H")[0] if pairs > 1 else 1
        queues = 2 * self.max_pairs + 1
        dev.enable_msix(VECTORS, queues + 1)
        make = vring.Packed if self.args.packed else vring.Split
        self.rings = [make(self.m, RINGS + 0x4000 * i,
                           min(dev.queue_size(i), 2 * BATCH))
                      for i in range(queues)]
        for i, ring in enumerate(self.rings):
            dev.add_queue(i, ring, i + 1)
        self.ctrl = self.rings[-1]
        dev.driver_ok()
        check("the link is up", dev.read_config(6, "<H")[0] & 1)

    def wait(self, ring, count, seconds=30):
        done = []
        deadline = time.monotonic() + seconds
        while len(done) < count and time.monotonic() < deadline:
            done += ring.take()
        return done

    def frames(self, count, dest):
        result = []
        for _ in range(count):
            size = self.random.choice((60, 61, 128, 590, 1024, 1513, 1514))
            self.seq += 1
            frame = dest + bytes.fromhex("525400000001") + b"\x88\xb5" + \
                struct.pack("<I", self.seq)
            result.append(frame + self.random.randbytes(size - len(frame)))
        return result

    def offer_rx(self, rx, at):
        heads = rx.add([[(at + BUFFER * i, BUFFER, True)]
                        for i in range(BATCH)])
        self.dev.kick(rx)
        return {head: at + BUFFER * i for i, head in enumerate(heads)}

    def send(self, tx, at, frames):
        data = b"".join((bytes(HEADER) + f).ljust(BUFFER, b"\0")
                        for f in frames)
        self.m.write(at, data)
        # the header by itself in every second one
        tx.add([[(at + BUFFER * i, HEADER, False),
                 (at + BUFFER * i + HEADER, len(f), False)] if i & 1 else
                [(at + BUFFER * i, HEADER + len(f), False)]
                for i, f in enumerate(frames)])
        self.dev.kick(tx)

    def post(self, pair):
        """Send frames through a pair, and offer buffers for them: for collect()."""
        rx, tx = self.rings[2 * pair], self.rings[2 * pair + 1]
        where = DATA + pair * 4 * BATCH * BUFFER
        buffers = self.offer_rx(rx, where)
        frames = self.frames(BATCH, self.mac)
        self.send(tx, where + BATCH * BUFFER, frames)
        return pair, where, buffers, frames

    def collect(self, posted):
        """Wait for what comes back and compare it: what is wrong with it, if it is."""
        pair, where, buffers, frames = posted
        rx, tx = self.rings[2 * pair], self.rings[2 * pair + 1]
        if len(self.wait(tx, BATCH)) != BATCH:
            return "not all were sent"
        got = self.wait(rx, BATCH)
        if len(got) != BATCH:
            return "%d of %d came back" % (len(got), BATCH)
        memory = self.m.read(where, BATCH * BUFFER)
        for (head, length), frame in zip(got, frames):
            at = buffers[head] - where
            if memory[at + HEADER:at + length] != frame:
                return "a frame is not as it was sent"
            if memory[at + 10:at + 12] != b"\1\0":
                return "a frame is said to have more buffers"
        return None

    def exchange(self, pair, batches=1):
        """Send frames through a pair and compare what comes back."""
        for _ in range(batches):
            problem = self.collect(self.post(pair))
            if problem:
                return problem
        return None

    def traffic(self, what, pair=0, batches=1):
        if self.dev.vectors:
            for queue in (0, 1):
                self.dev.take_interrupt(2 * pair + queue + 1)
        problem = self.exchange(pair, batches)
        check("%s: %d frames come back as they were sent"
              % (what, BATCH * batches), not problem, problem)
        time.sleep(0.1)
        for queue, name in enumerate(("receive", "transmit")):
            check("%s: the %s queue sends an interrupt" % (what, name),
                  self.dev.take_interrupt(2 * pair + queue + 1))

    def command(self, klass, cmd, data):
        """By the control queue; returns the answer, 0 for success."""
        at = DATA - 0x1000
        self.m.write(at, struct.pack("BB", klass, cmd) + data)
        self.m.store(at + 0x800, 1, 0xaa)
        self.ctrl.add([[(at, 2, False),
                        *([(at + 2, len(data), False)] if data else []),
                        (at + 0x800, 1, True)]])
        self.dev.kick(self.ctrl)
        if len(self.wait(self.ctrl, 1)) != 1:
            raise RuntimeError("the control queue does not answer")
        return self.m.load(at + 0x800, 1)

    def foreign(self):
        """How many of some frames for somebody else come back."""
        rx, tx = self.rings[:2]
        buffers = self.offer_rx(rx, DATA)
        self.send(tx, DATA + BATCH * BUFFER, self.frames(BATCH // 2, FOREIGN))
        self.wait(tx, BATCH // 2)
        time.sleep(0.2)
        got = len(rx.take())
        # take the other buffers with frames for us
        left = len(buffers) - got
        self.send(tx, DATA + BATCH * BUFFER, self.frames(left, self.mac))
        self.wait(tx, left)
        if len(self.wait(rx, left)) != left:
            raise RuntimeError("frames are lost")
        return got

    def control(self):
        dev = self.dev
        check("control: a command that does not exist is refused",
              self.command(200, 0, b"\0") == 1)
        filtering = dev.features & bits(CTRL_RX)
        if filtering:
            check("control: promiscuous mode can be switched off",
                  self.command(CTRL_RX_CLASS, 0, b"\0") == 0)
            got = self.foreign()
            check("control: frames for others are kept back", got == 0, got)
            check("control: promiscuous mode can be switched on",
                  self.command(CTRL_RX_CLASS, 0, b"\1") == 0)
            got = self.foreign()
            check("control: frames for others come", got == BATCH // 2, got)
            self.command(CTRL_RX_CLASS, 0, b"\0")
        old = self.mac
        check("control: the address can be changed",
              self.command(CTRL_MAC_CLASS, 1, FOREIGN) == 0)
        self.mac = FOREIGN
        self.traffic("with another address")
        self.mac = old
        check("control: the address can be changed back",
              self.command(CTRL_MAC_CLASS, 1, old) == 0)

    def multiqueue(self):
        check("multiqueue: there is more than one pair", self.max_pairs > 1,
              self.max_pairs)
        check("multiqueue: too many pairs are refused", self.command(
            CTRL_MQ_CLASS, 0, struct.pack("<H", self.max_pairs + 1)) == 1)
        check("multiqueue: all pairs can be used", self.command(
            CTRL_MQ_CLASS, 0, struct.pack("<H", self.max_pairs)) == 0)
        for pair in range(self.max_pairs):
            self.traffic("pair %d" % pair, pair)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--svq", action="store_true")
    parser.add_argument("--packed", action="store_true")
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--batches", type=int, default=8)
    parser.add_argument("--stderr", default="/tmp/qemu.err")
    parser.add_argument("--script", default="guest.sh")
    parser.add_argument("--generic", action="store_true",
                        help="QEMU does not know what the device is")
    parser.add_argument("--doorbells", action="store_true")
    parser.add_argument("--says", help="lines that QEMU prints, a pattern")
    parser.add_argument("instance")
    args = parser.parse_args()

    options = ["-accel", "tcg", "-m", "64", "-nodefaults", "-display", "none"]
    for setting in ("disable-legacy=on", "romfile=", "mac=52:54:00:12:34:56",
                    "mq=%s" % ("on" if args.pairs > 1 else "off"),
                    "vectors=%d" % (2 * args.pairs + 2),
                    "packed=%s" % ("on" if args.packed else "off")):
        options += ["-global", "virtio-net-pci." + setting]
    if args.script == "disk.sh":
        # a network card has another ID then
        options += ["-global", "vhost-vdpa-device-pci.disable-legacy=on"]
    if args.doorbells:
        options += ["-global", "virtio-pci.page-per-vq=on"]
    command = ["sh", "/tests/root/" + args.script]
    env = {"node": args.instance, "uuid": args.instance}
    if args.svq:
        command = ["qemu-system-x86_64", "-M", "q35", "-netdev",
                   "type=vhost-vdpa,vhostdev=%s,id=n0,x-svq=on" %
                   args.instance,
                   "-device", "virtio-net-pci,netdev=n0"]
        env = None
    try:
        m = machine.Machine(command, options, args.stderr, env)
    except RuntimeError as error:
        check("QEMU starts", False, error)
        return 1
    try:
        net = Net(m, args)
        net.start(args.pairs)
        if not args.generic:
            check("the card has the address that QEMU was told",
                  net.mac.hex() == "525400123456", net.mac.hex())
        if args.doorbells:
            check("doorbells are mapped into the machine",
                  m.doorbells() >= 2 * args.pairs, m.doorbells())
        net.traffic("after start", batches=args.batches)
        net.control()
        if args.pairs > 1:
            net.multiqueue()

        # the driver is bound again, and does without some
        net.start(1, without=(MRG_RXBUF, CTRL_RX))
        net.traffic("after the driver's reset")
        net.start(args.pairs)
        net.traffic("after another")

        m.qmp("system_reset")
        m.wait_event("RESET")
        net = Net(m, args)
        check("a machine's reset resets the device",
              net.dev.get("device_status") == 0)
        net.start(args.pairs)
        net.traffic("after the machine's reset", batches=args.batches)
        if args.pairs > 1:
            net.multiqueue()
        check("the device needs no reset", net.dev.get("device_status") == 15,
              net.dev.get("device_status"))
    except (RuntimeError, OSError) as error:
        check("the device answers", False, error)
    status, said = m.quit()
    check("QEMU ends with status 0", status == 0, status)
    # a device that refused something would be made up for in silence,
    # except what it says
    if args.says:
        said = "".join(line for line in said.splitlines(True)
                       if not re.search(args.says, line))
    check("QEMU prints nothing", not said, said.replace("\n", " | "))
    return report.failures != 0


if __name__ == "__main__":
    sys.exit(main())
