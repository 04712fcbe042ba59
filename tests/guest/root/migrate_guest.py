#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Migrate a guest from one QEMU to another by their monitors, and end the first one.

    migrate_guest.py FROM TO FIGURES

The first two are the sockets of the monitors; TO was started with -incoming defer.
FIGURES is a file for what QEMU says of the migration.
"""

import json
import socket
import sys
import time

from report import check

TIMEOUT = 900
# Milliseconds.  Each of the two emulations in an emulation takes its time.
DOWNTIME = 3000


class Monitor:
    """QMP over a socket."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(path)
        self.file = self.sock.makefile("rwb")
        self.events = []
        self.read()
        self("qmp_capabilities")

    def read(self):
        line = self.file.readline()
        if not line:
            raise RuntimeError("QEMU has hung up")
        return json.loads(line)

    def __call__(self, command, **arguments):
        self.file.write(json.dumps({"execute": command,
                                    "arguments": arguments}).encode() + b"\n")
        self.file.flush()
        while True:
            answer = self.read()
            if "event" in answer:
                self.events.append(answer["event"])
            elif "error" in answer:
                raise RuntimeError("%s: %s" % (command, answer["error"]["desc"]))
            else:
                return answer["return"]

    def capabilities(self, *names):
        self("migrate-set-capabilities",
             capabilities=[{"capability": name, "state": True} for name in names])


def over(monitor):
    """Wait for the migration's end, and return what there is to know of it."""
    deadline = time.monotonic() + TIMEOUT
    while True:
        info = monitor("query-migrate")
        if info.get("status") in ("completed", "failed", "cancelled"):
            return info
        if time.monotonic() > deadline:
            return info
        time.sleep(0.5)


def migrate(source, target, uri, figures):
    """Take the guest there, and look whether it has arrived."""

    for monitor in source, target:
        monitor.capabilities("events", "return-path", "switchover-ack")
    source("migrate-set-parameters", **{"downtime-limit": DOWNTIME,
                                        "max-bandwidth": 1 << 40})
    target("migrate-incoming", uri=uri)
    source("migrate", uri=uri)
    info = over(source)
    if not check("the guest migrates to the other QEMU",
                 info.get("status") == "completed", info):
        return
    with open(figures, "w") as f:
        f.write("downtime %d ms, in all %d ms; %d KiB of RAM in %d rounds; "
                "%d bytes of the devices\n"
                % (info["downtime"], info["total-time"],
                   info["ram"]["transferred"] // 1024,
                   info["ram"]["dirty-sync-count"],
                   info["vfio"]["transferred"]))
    status = over(target).get("status")
    check("the other QEMU has taken the guest", status == "completed", status)
    status = target("query-status")["status"]
    check("the guest runs in the other QEMU", status == "running", status)
    status = source("query-status")["status"]
    check("the first QEMU has stopped the guest", status == "postmigrate", status)


def main():
    source, target = (Monitor(path) for path in sys.argv[1:3])
    migrate(source, target, "unix:%s.stream" % sys.argv[2], sys.argv[3])
    source("quit")


main()
