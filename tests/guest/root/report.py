# SPDX-License-Identifier: GPL-2.0-only
"""How Python programs say what became of a check: as tests/report.sh does.

The shell that reads the lines adds where they come from.
"""

failures = 0


def check(what, good, got=None):
    """Print the line of a check, and what came instead if it failed."""
    global failures
    print(("ok - " if good else "not ok - ") + what, flush=True)
    if not good:
        failures += 1
        if got is not None:
            print("got: %s" % (got,), flush=True)
    return good
