#!/bin/bash
# SPDX-License-Identifier: MIT
# ACKMODE, in both forms of its answer and with a TNC that never answers: the
# stations exchange events all the same, and know which it is.
. "$(dirname "$0")/lib.sh"
for w in c e no; do
	run air "$O/cairn-air" --stations 2 --loss 0 --seed 1 --speed 20 --ackmode $w --dir "$D/$w"
	until_ok 45 test -S "$D/$w/air.ctl" || fail "cairn-air does not start"
	for s in 0 1; do
		station $s$w --callsign Q${s}AAA-1 --transmit --time-scale 20 \
			--port "vhf=kiss:$D/$w/tnc$s,duty=100%,ackmode=yes"
	done
	ack() { c 0$w status --json | json ackmode; }
	until_ok 20 sh -c "'$O/cairn' -d '$D/0$w' status | grep -q 'vhf  up'" || fail "no port"
	c 1$w note R-1 one > /dev/null && c 0$w note R-0 two > /dev/null || fail "cannot write"
	until_ok 60 same 0$w 1$w && has_record 0$w R-1 && has_record 1$w R-0 || fail "$w: nothing arrives"
	want=on
	[ $w = no ] && want=asked
	[ "$(ack)" = $want ] || fail "$w: ackmode is $(ack), not $want"
	end 0$w; end 1$w; end air
done
say "answered with C, with E, not at all"
