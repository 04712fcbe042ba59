#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
#
# stream.py send ADDRESS PORT MIB, stream.py receive ADDRESS PORT MIB: so much by TCP, each
# block of which differs from the others, and is compared.
import random
import socket
import sys

BLOCK = 1 << 20
PIECE = random.Random(1).randbytes(BLOCK - 8)


def block(number):
    return number.to_bytes(8, "little") + PIECE


def receive(address, port, count):
    server = socket.create_server((address, port))
    print("listening", flush=True)
    peer, _ = server.accept()
    have = bytearray(BLOCK)
    for number in range(count):
        view = memoryview(have)
        while len(view):
            got = peer.recv_into(view)
            if not got:
                raise SystemExit(f"block {number} ends {len(view)} bytes early")
            view = view[got:]
        if have != block(number):
            raise SystemExit(f"block {number} is not what was sent")
    if peer.recv(1):
        raise SystemExit("more than was sent")


def send(address, port, count):
    peer = socket.create_connection((address, port), 30)
    peer.settimeout(300)
    for number in range(count):
        peer.sendall(block(number))
    peer.shutdown(socket.SHUT_WR)
    # the other end closes when it has compared
    if peer.recv(1):
        raise SystemExit("an answer")


{"send": send, "receive": receive}[sys.argv[1]](
    sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
