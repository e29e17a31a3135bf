#!/bin/bash
# SPDX-License-Identifier: MIT
# kill -9 while it writes: what `cairn` confirmed is in the log, each time.
# N=100 for a long run.
. "$(dirname "$0")/lib.sh"
N=${N:-5}
key a
touch "$D/confirmed"

writer() {
	local i=0
	while :; do
		c a note R-100 "round $1 note $i" -v >> "$D/confirmed" 2>> "$D/writer.log" || break
		i=$((i + 1))
	done
}

for (( round = 1; round <= N; round++ )); do
	station a --callsign Q1AAA-1
	writer "$round" &
	pid[writer]=$!
	sleep "0.$(( RANDOM % 4 + 1 ))$(( RANDOM % 10 ))"
	end a KILL
	wait "${pid[writer]}"
	unset "pid[writer]"
	c a log --json > "$D/log.json" || fail "round $round: log"
	sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' "$D/log.json" | sort > "$D/held"
	grep -E '^[0-9a-f]{64}$' "$D/confirmed" | sort > "$D/wanted"
	lost=$(comm -13 "$D/held" "$D/wanted" | wc -l)
	[ "$lost" = 0 ] || fail "round $round: $lost confirmed events are lost"
done
n=$(wc -l < "$D/wanted")
[ "$n" -gt "$N" ] || fail "only $n writes in $N rounds"
say "$N rounds of kill -9, $n confirmed events, none lost"
