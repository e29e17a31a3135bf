#!/bin/bash
# SPDX-License-Identifier: MIT
# axvm.sh AXVM: ports on a real Linux AX.25 stack (mkiss's ax0, bpqether's bpq0
# and bpq1), in a virtual machine that AXVM boots (../shared/testbeds/axvm.sh:
# -a FILE, -o DIR, -- COMMAND; DIR/kiss.sock is the far end of ax0's line).
set -u
cd "$(dirname "$0")/../.." || exit 2
vm=${1:-../shared/testbeds/axvm.sh} O=${O:-build}
[ -x "$vm" ] && [ -x "$O/cairnd" ] || { echo "no $vm, or no $O/cairnd"; exit 77; }
D=$(mktemp -d)
trap 'kill "$far" 2> /dev/null; rm -rf "$D"' EXIT

cat > "$D/guest" << 'G'
fail() { echo "FAIL: $*"; cat /tmp/*.log; exit 1; }
for s in a b; do mkdir -p /tmp/$s; cairn -d /tmp/$s key gen > /dev/null; done
cairnd -d /tmp/a --callsign Q1AAA-1 --port r=ax25:ax0,allow_shared=yes --port w=ax25:bpq0 > /tmp/a.log 2>&1 &
cairnd -d /tmp/b --callsign Q2BBB-1 --port w=ax25:bpq1 > /tmp/b.log 2>&1 &
sleep 4
cairn -d /tmp/a tx test r || fail "tx test by ax0"
cairn -d /tmp/a tx test r && cairn -d /tmp/a tx test r	# mkiss tries two checks first
cairn -d /tmp/a tx test w || fail "tx test by bpq0"
cairn -d /tmp/b tx test w || fail "tx test by bpq1"
sleep 4
cairn -d /tmp/a heard > /tmp/heard.log
grep -q '^Q7HHH-1 *r ' /tmp/heard.log || fail "ax0 is deaf"
grep -q '^Q2BBB-1 *w ' /tmp/heard.log || fail "bpq0 is deaf"
cairn -d /tmp/b heard | grep -q '^Q1AAA-1 *w ' || fail "bpq1 is deaf"
cairn -d /tmp/a status --json | grep -q '"engine_note":"io_uring.*restricted' || fail "$(cairn -d /tmp/a status --json | grep -o '"engine_note":"[^"]*')"
ip link set ax0 down; sleep 1
cairn -d /tmp/a status | grep -q 'r  down.*ax0 is down' || fail "ax0 is down but up"
ip link set ax0 up; sleep 1
cairn -d /tmp/a status | grep -q 'r  up' || fail "ax0 does not come back"
G
# the far end of the line: says something each second, keeps what it hears
python3 - "$D/kiss.sock" "$D/far.kiss" << 'F' &
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
while True:
    try:
        s.connect(sys.argv[1])
        break
    except OSError:
        time.sleep(0.2)
s.settimeout(1)
call = lambda name, ssid: bytes(ord(c) << 1 for c in name.ljust(6)) + bytes([ssid])
hello = b"\xc0\x00" + call("CQ", 0xe0) + call("Q7HHH", 0x63) + b"\x03\xf0hello\xc0"
with open(sys.argv[2], "wb", 0) as heard:
    while True:
        try:
            s.sendall(hello)
            heard.write(s.recv(4096))
        except socket.timeout:
            pass
        except OSError:
            break
F
far=$!
"$vm" -o "$D" -t 280 -a "$O/cairn" -a "$O/cairnd" -a "$D/guest:/guest" -- 'sh /guest' > "$D/log" 2>&1 ||
	{ tail -n 30 "$D/log"; exit 1; }
"$O/cairn" decode "$D/far.kiss" > "$D/far"
grep -q '^smack Q1AAA-1 > ' "$D/far" && grep -q '^flexnet Q1AAA-1 > ' "$D/far" && grep -q '^Q1AAA-1 > ' "$D/far" ||
	{ cat "$D/far"; echo "FAIL: not on the line"; exit 1; }
echo "ax0 and bpq0 of a real kernel: sent, heard, down and up again"
