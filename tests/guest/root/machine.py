# SPDX-License-Identifier: GPL-2.0-only
"""QEMU without a guest: its machine, driven over the qtest and QMP sockets."""

import atexit
import base64
import json
import os
import re
import socket
import subprocess
import tempfile
import time

TIMEOUT = 60


class Lines:
    """A socket of text lines."""

    def __init__(self, path, process):
        deadline = time.monotonic() + TIMEOUT
        while True:
            self.sock = socket.socket(socket.AF_UNIX)
            try:
                self.sock.connect(path)
                break
            except OSError:
                self.sock.close()
                if process.poll() is not None:
                    raise RuntimeError("QEMU has ended, status %d"
                                       % process.returncode) from None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.sock.settimeout(TIMEOUT)
        self.file = self.sock.makefile("rwb")

    def write(self, line):
        self.file.write(line.encode() + b"\n")
        self.file.flush()

    def read(self):
        line = self.file.readline()
        if not line:
            raise RuntimeError("QEMU has hung up")
        return line.decode().rstrip()


class Machine:
    """A PC whose processor halts at once; who calls this is its software.

    QEMU is started by command, which gets what belongs to it as arguments or,
    if there is an env, as the variable options, one a line. Whatever QEMU says
    goes to the file stderr, and should be nothing.
    """

    def __init__(self, command, options, stderr, env=None):
        self.dir = tempfile.mkdtemp()
        # whoever QEMU runs as
        os.chmod(self.dir, 0o777)
        bios = os.path.join(self.dir, "bios")
        with open(bios, "wb") as f:
            # cli; hlt; jmp to the hlt, at the reset vector
            f.write(bytes(65536 - 16) + b"\xfa\xf4\xeb\xfd" + bytes(12))
        qtest = os.path.join(self.dir, "qtest")
        qmp = os.path.join(self.dir, "qmp")
        self.stderr = stderr
        options = options + \
            ["-bios", bios, "-qtest-log", "none",
             "-qtest", "unix:%s,server=on,wait=off" % qtest,
             "-qmp", "unix:%s,server=on,wait=off" % qmp]
        if env is None:
            command = command + options
        else:
            env = dict(os.environ, options="\n".join(options), **env)
        with open(stderr, "wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=err, stderr=err,
                env=env)
        # also if what drives it fails
        atexit.register(self.process.kill)
        self.events = []
        self.next_bar = 0
        try:
            self.qtest = Lines(qtest, self.process)
            self.monitor = Lines(qmp, self.process)
            self.monitor.read()
            self.qmp("qmp_capabilities")
        except (RuntimeError, OSError) as error:
            self.process.kill()
            self.process.wait()
            with open(stderr, errors="replace") as f:
                raise RuntimeError("QEMU does not start: %s"
                                   % f.read()) from error

    # the monitor

    def qmp(self, command, **arguments):
        self.monitor.write(json.dumps({"execute": command,
                                       "arguments": arguments}))
        while True:
            answer = json.loads(self.monitor.read())
            if "event" in answer:
                self.events.append(answer["event"])
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError("%s: %s" % (command,
                                               answer["error"]["desc"]))

    def wait_event(self, name):
        # it may have come before the answer to the command that caused it
        while name not in self.events:
            self.events.append(json.loads(self.monitor.read()).get("event"))
        self.events.remove(name)

    def quit(self):
        """Return its exit status and what it had to say."""
        try:
            self.qmp("quit")
        except (RuntimeError, OSError):
            pass
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        return status, self.said()

    def said(self):
        """What QEMU had to say until now."""
        with open(self.stderr, errors="replace") as f:
            return f.read()

    def doorbells(self):
        """How many pages of doorbells its address space has."""
        tree = self.qmp("human-monitor-command",
                        **{"command-line": "info mtree -f"})
        # each of them once in a view
        return len(set(re.findall(r"doorbell\[(\d+)\]", tree)))

    def count(self, path):
        """How many descriptors it has of files whose paths begin so."""
        at = "/proc/%d/fd" % self.process.pid
        count = 0
        for fd in os.listdir(at):
            try:
                count += os.readlink("%s/%s" % (at, fd)).startswith(path)
            except FileNotFoundError:
                pass
        return count

    # ports and memory

    def command(self, line):
        self.qtest.write(line)
        while True:
            answer = self.qtest.read().split()
            # interrupts are told of in between
            if answer[0] == "IRQ":
                continue
            if answer[0] != "OK":
                raise RuntimeError("%s: %s" % (line[:60], " ".join(answer)))
            return answer[1] if len(answer) > 1 else None

    def outl(self, port, value):
        self.command("outl 0x%x 0x%x" % (port, value))

    def inl(self, port):
        return int(self.command("inl 0x%x" % port), 16)

    def load(self, address, size):
        """Read a register of 1, 2, 4 or 8 bytes."""
        return int(self.command("read%s 0x%x" % ("?bw?l???q"[size], address)),
                   16)

    def store(self, address, size, value):
        self.command("write%s 0x%x 0x%x" % ("?bw?l???q"[size], address, value))

    def read(self, address, size):
        return base64.b64decode(self.command("b64read 0x%x 0x%x"
                                             % (address, size)))

    def write(self, address, data):
        self.command("b64write 0x%x 0x%x %s" %
                     (address, len(data), base64.b64encode(data).decode()))
