# SPDX-License-Identifier: GPL-2.0-only
"""A QEMU that migrates, at one of the two sides."""

import os
import re

import machine
import mdev
import net
from report import check

RAM = 16 << 20
PAGE = 4096
# the slot of something emulated that has a state, too
EXTRA_AT = 7
# where messages of MSI-X go to: QEMU writes them even if the machine is stopped
MESSAGES = range(net.VECTORS, net.VECTORS + 2 * PAGE, PAGE)
# what the source says of a migration that failed, or was cancelled
FAILED = (r".*: Unable to (read from|write to) socket: .*",
          r".*: Sibling indicated error 1",
          r".*: Channel error: Input/output error",
          r".*: failed to save SaveStateEntry with id\(name\): .*")


class Migrating(machine.Machine):
    """A QEMU with the devices of a side, and what is to be seen of its migrations."""

    count = 0
    # what it says always
    says = ()

    def __init__(self, devices, capabilities, incoming=False, extra=True):
        Migrating.count += 1
        # whether a migration from here has, or was cancelled
        self.failed = False
        self.trace = "/tmp/trace.%d" % Migrating.count
        options = ["-accel", "tcg", "-m", str(RAM >> 20), "-nodefaults",
                   "-display", "none", "-D", self.trace,
                   "-trace", "vfio_get_dirty_bitmap", *devices]
        if extra:
            options += ["-device", "i6300esb,addr=%d" % EXTRA_AT]
        if incoming:
            options += ["-S", "-incoming", "defer"]
        super().__init__(["qemu-system-x86_64", "-M", "q35"], options,
                         "/tmp/qemu.err.%d" % Migrating.count)
        self.qmp("migrate-set-capabilities", capabilities=[
            {"capability": name, "state": True} for name in capabilities])

    def status(self):
        return self.qmp("query-status")["status"]

    def migration(self):
        return self.qmp("query-migrate").get("status")

    def hold(self):
        """Migrations stay in pre-copy: 100 bytes are less than any device has."""
        self.qmp("migrate-set-parameters", **{
            "max-bandwidth": 4 << 20, "downtime-limit": 1,
            "avail-switchover-bandwidth": 100000})

    def release(self):
        self.qmp("migrate-set-parameters", **{
            "max-bandwidth": 1 << 30, "downtime-limit": 10000,
            "avail-switchover-bandwidth": 0})

    def migrate(self, to):
        uri = "unix:" + os.path.join(to.dir, "migration")
        to.qmp("migrate-incoming", uri=uri)
        self.hold()
        self.qmp("migrate", uri=uri)

    def dump(self):
        path = os.path.join(self.dir, "ram")
        self.qmp("pmemsave", val=0, size=RAM, filename=path)
        with open(path, "rb") as f:
            data = f.read()
        os.unlink(path)
        return data

    def looks(self):
        """The counts of dirty pages that QEMU got until now, one a look."""
        counts = []
        with open(self.trace) as f:
            for line in f:
                got = re.search(r"iova=(0x[0-9a-f]+) .*dirty_pages=(\d+)", line)
                if got and int(got[1], 16) == 0:
                    counts.append(0)
                if got:
                    counts[-1] += int(got[2])
        # the last one may still go on
        return counts[:-1]

    def look(self):
        """Have some, and return how many there were."""
        count = len(self.looks()) + 3
        if not mdev.until(lambda: len(self.looks()) >= count):
            raise RuntimeError("QEMU does not look at the dirty pages")
        return len(self.looks())

    def end(self, status=0, expected=""):
        """It ends, with what it says, apart from what it says always."""
        got, said = self.quit()
        os.unlink(self.trace)
        usual = "|".join(self.says + (FAILED if self.failed else ()))
        said = "".join(line + "\n" for line in said.splitlines()
                       if not re.fullmatch(usual, line))
        check("QEMU ends with status %d" % status, got == status, got)
        check("QEMU says %s" % (expected or "nothing"),
              bool(re.fullmatch(expected, said.strip(), re.S)),
              said.replace("\n", " | "))

    def switch(self, what, to):
        """The machine stops here, and is not yet running there."""
        self.release()
        check("%s: the migration is completed" % what, mdev.until(
            lambda: self.migration() in ("completed", "failed")) and
            self.migration() == "completed",
            self.qmp("query-migrate"))
        check("%s: the machine is stopped here and there" % what,
              mdev.until(lambda: to.status() == "paused") and
              self.status() == "postmigrate",
              (self.status(), to.status()))

    def compare(self, what, to):
        """While both stand still."""
        ours, theirs = self.dump(), to.dump()
        differ = [at for at in range(0, RAM, PAGE)
                  if ours[at:at + PAGE] != theirs[at:at + PAGE] and
                  at not in MESSAGES]
        check("%s: all memory is equal, except messages of MSI-X" % what,
              not differ and len(ours) == len(theirs) == RAM,
              [hex(at) for at in differ])


def show_errors():
    """Print what each QEMU has said."""
    for number in range(1, Migrating.count + 1):
        with open("/tmp/qemu.err.%d" % number, errors="replace") as f:
            print(f.read())
