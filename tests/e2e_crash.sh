#!/bin/bash
# SPDX-License-Identifier: MIT
# kill -9 while it writes: what `cairn` confirmed is in the log, each time; and
# a `cairn log -f` that lives through all of it has seen just that, in order.
# N=500 for a long run.
. "$(dirname "$0")/lib.sh"
N=${N:-5}
key a
touch "$D/confirmed"
ids() { sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' "$@"; }
followed() { ids "$D/follow.out" | cmp -s - "$D/order"; }

writer() {
	local i=0
	while :; do
		c a note R-100 "round $1 note $i" -v >> "$D/confirmed" 2>> "$D/writer.log" || break
		i=$((i + 1))
	done
}

for (( round = 1; round <= N; round++ )); do
	station a --callsign Q1AAA-1
	if [ "$round" = 1 ]; then
		"$O/cairn" -d "$D/a" log -f -n 1000000 --json > "$D/follow.out" 2> "$D/follow.log" < /dev/null &
		pid[follow]=$!
	fi
	writer "$round" &
	pid[writer]=$!
	sleep "0.$(( RANDOM % (N > 20 ? 2 : 4) ))$(( RANDOM % 10 ))"
	end a KILL
	wait "${pid[writer]}"
	unset "pid[writer]"
	c a log --json > "$D/log.json" || fail "round $round: log"
	ids "$D/log.json" > "$D/order"
	sort "$D/order" > "$D/held"
	grep -E '^[0-9a-f]{64}$' "$D/confirmed" | sort > "$D/wanted"
	lost=$(comm -13 "$D/held" "$D/wanted" | wc -l)
	[ "$lost" = 0 ] || fail "round $round: $lost confirmed events are lost"
done
n=$(wc -l < "$D/wanted")
[ "$n" -gt "$N" ] || fail "only $n writes in $N rounds"
station a --callsign Q1AAA-1	# publishes what the last kill left
c a log --json > "$D/log.json" && ids "$D/log.json" > "$D/order"
until_ok 10 followed || fail "log -f saw something else: $(ids "$D/follow.out" | diff - "$D/order" | head -n 3)"
end follow
say "$N rounds of kill -9, $n confirmed events, none lost"
