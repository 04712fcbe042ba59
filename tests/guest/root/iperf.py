#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
#
# iperf.py CLIENT_NAMESPACE SERVER_NAMESPACE ADDRESS: iperf3 both ways, TCP and UDP.  A
# line of a check each: whether anything came through, since how much is not for a test.
import json
import subprocess
import sys

import report

client, server, address = sys.argv[1:]


def run(what, *options):
    listener = subprocess.Popen(
        ["nsenter", f"--net=/run/netns/{server}", "iperf3", "-s", "-1", "--forceflush"],
        stdout=subprocess.PIPE, text=True)
    listener.stdout.readline()      # a line of dashes: it listens soon
    done = subprocess.run(
        ["nsenter", f"--net=/run/netns/{client}", "iperf3", "--json", "-t", "3",
         "--connect-timeout", "10000", "-c", address, *options],
        capture_output=True, text=True, check=False)
    listener.kill()
    listener.wait()
    result = json.loads(done.stdout or "{}")
    end = result.get("end", {})
    # of UDP what the receiver counted is in "sum"
    total = end.get("sum_received") or end.get("sum") or {}
    lost = end.get("sum", {}).get("lost_packets", 0)
    packets = end.get("sum", {}).get("packets", 0)
    good = (done.returncode == 0 and total.get("bytes", 0) > 0 and
            (not packets or lost < packets))
    report.check(f"iperf3 passes bytes, {what}", good,
                 f"{result.get('error', '')} {done.stderr}")
    print(f"{total.get('bytes', 0)} bytes in 3 s")


run("TCP")
run("TCP, the other way", "-R")
run("TCP, four streams", "-P", "4")
run("UDP", "-u", "-b", "20M")
run("UDP, the other way", "-u", "-b", "20M", "-R")
run("UDP in frames of 9000 bytes, in pieces", "-u", "-b", "20M", "-l", "8900")
