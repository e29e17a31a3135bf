#!/bin/bash
# SPDX-License-Identifier: MIT
# tshark.sh CAPTURE...: `cairn decode` and tshark see the same AX.25 in each:
# sources, destinations, digipeaters, control, PID, frame for frame, and no
# error that tshark does not see. Of X.kiss, tshark reads the X.pcap beside it,
# or else what `cairn capture` makes of it; what is no frame is left out.
command -v tshark > /dev/null && [ $# -gt 0 ] || { echo "no tshark, or no file"; exit 77; }
python3 - "${O:-$(dirname "$0")/../../build}/cairn" "$@" << 'E'
import json, os, subprocess, sys, tempfile

FIELDS = ["src", "dst", "ctl", "pid"] + ["via%d" % i for i in range(1, 9)]

def call(text):			# "94:90:6c:b2:98:9a:60": shifted characters
    b = bytes.fromhex(text.replace(":", ""))
    name = "".join(chr(c >> 1) for c in b[:6]).rstrip()
    ssid = b[6] >> 1 & 15
    return name + ("-%d" % ssid if ssid else ""), b[6] >> 7

def tshark(path):
    args = [x for f in FIELDS for x in ("-e", "ax25." + f)] + ["-e", "_ws.malformed"]
    out = subprocess.run(["tshark", "-r", path, "-T", "fields", "-E", "occurrence=f", *args],
                         check=True, capture_output=True, text=True).stdout
    for line in out.splitlines():
        src, dst, ctl, pid, *via, malformed = line.split("\t")
        if not src:
            yield None
            continue
        used = [call(v) for v in via if v]
        yield (call(src)[0], call(dst)[0], int(ctl, 16), int(pid, 16) if pid else None,
               [name + "*" * h for name, h in used], bool(malformed))

def cairn(program, path):
    out = subprocess.run([program, "decode", "--json", path], check=True,
                         capture_output=True, text=True).stdout
    for line in out.splitlines():
        f = json.loads(line)
        yield (f["source"], f["dest"], f["control"], f.get("pid"),
               f["digipeaters"], "error" in f) if "source" in f else None

def other_form(program, path, folder):	# of a KISS stream, for tshark
    beside = path[:-len("kiss")] + "pcap"
    if os.path.exists(beside):
        return beside
    out = folder + "/capture.pcapng"
    subprocess.run([program, "capture", "-r", path, "-w", out], check=True)
    return out

bad = total = 0
folder = tempfile.TemporaryDirectory()
for path in sys.argv[2:]:
    kiss = path.endswith(".kiss")
    theirs = list(tshark(other_form(sys.argv[1], path, folder.name) if kiss else path))
    ours = list(cairn(sys.argv[1], path))
    if kiss:
        theirs, ours = [x for x in theirs if x], [x for x in ours if x]
    differ = [(i, a, b) for i, (a, b) in enumerate(zip(theirs, ours), 1) if a != b]
    wrong = len(differ) + abs(len(theirs) - len(ours))
    total, bad = total + len(theirs), bad + wrong
    print("%s: %d frames, %d differ" % (path.rsplit("/", 1)[-1], len(theirs), wrong))
    for i, a, b in differ[:5]:
        print("  frame %d: tshark %s\n           cairn  %s" % (i, a, b))
print("%d frames, %d differ" % (total, bad))
sys.exit(bad > 0 or total == 0)
E
