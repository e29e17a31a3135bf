#!/bin/bash
# SPDX-License-Identifier: MIT
# tncs.sh DEVICE DEVICE [BITRATE]: two stations behind two TNCs that hear each
# other (Direwolf, hardware, a channel in a box) exchange 20 events each way.
# A device as in cairn.conf(5), such as kiss:tcp:localhost:8001. It transmits,
# under call signs that are nobody's: not into an antenna.
[ $# -ge 2 ] || { echo "needs two TNCs"; exit 77; }
. "$(dirname "$0")/../lib.sh"
rate=${3:-1200}

station a --callsign Q1AAA-1 --transmit --port "radio=$1,bitrate=$rate,duty=100%"
station b --callsign Q2BBB-1 --transmit --port "radio=$2,bitrate=$rate,duty=100%"
up() { c "$1" status --json | grep -q '"up":true'; }
until_ok 10 up a || fail "a: no TNC"
until_ok 10 up b || fail "b: no TNC"

for n in $(seq 20); do
	for s in a b; do
		case $((n % 3)) in
		0) c $s note R-$s "the road at km $n is blocked" ;;
		1) c $s create "R-$s-$n" site_assessment ;;
		2) c $s set R-$s status "open $n" ;;
		esac > /dev/null || fail "$s cannot write"
	done
done
start=$(date +%s)
until_ok 300 same a b || fail "the views differ after 300 s"
took=$(( $(date +%s) - start ))
for s in a b; do
	[ "$(c $s status --json | json own_events)" = 21 ] || fail "$s: events"
done
both() {	# of the port, whose object comes after all others with the name
	local x=0
	for s in a b; do
		x=$((x + $(c $s status --json | sed 's/.*"name":"radio","framing"//' | json "$1")))
	done
	echo $x
}
say "equal after $took s: $(both keyups) key-ups, $(both frames_out) frames, $(both bytes_out) bytes"
