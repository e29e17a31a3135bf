#!/bin/bash
# SPDX-License-Identifier: MIT
# Three stations in a line on cairn-air; somebody writes, and a random station
# is killed with SIGKILL at a random moment, N times. At the end the three
# views are equal and every write that `cairn` confirmed is at all three.
# kill.sh [N [SEED]]; LINK=tcp: the same line over IP, in real time.
. "$(dirname "$0")/lib.sh"
N=${1:-10} seed=${2:-$(( $(date +%s) % 100000 ))}
RANDOM=$seed
[ "${LINK:-air}" = tcp ] && SPEED=1
names=(a b c) calls=(Q1AAA-1 Q2BBB-1 Q3CCC-1)
port=$(free_port)
touch "$D/confirmed"

start() {
	local lan=("tcp:127.0.0.1:$port" "listen:127.0.0.1:$port" "tcp:127.0.0.1:$port")
	if [ "${LINK:-air}" = tcp ]; then
		station "${names[$1]}" --callsign "${calls[$1]}" --port "lan=${lan[$1]}"
	else
		radio "${names[$1]}" "${calls[$1]}" "$1"
	fi
}

# write STATION ROUND I: its id to the list, if it was confirmed
write() {
	local word=note text=("round $2 note $3, written at ${names[$1]}")
	(( RANDOM % 3 == 0 )) && word=set && text=(status "$2-$3")
	c "${names[$1]}" $word "R-$(( RANDOM % 20 ))" "${text[@]}" -v \
		>> "$D/confirmed" 2>> "$D/writer.log"
}

# Writes at a station until it is gone.
writer() {
	local i
	RANDOM=$3
	for (( i = 0; i < 200; i++ )); do
		write "$1" "$2" $i || break
		sleep "0.0$(( RANDOM % 9 + 1 ))"
	done
}

round() {
	local r=$1 victim=$(( RANDOM % 3 )) other=$(( RANDOM % 3 )) i
	writer $victim "$r" $RANDOM &
	pid[writer]=$!
	(( other == victim )) || write $other "$r" x || fail "round $r: ${names[$other]} does not write"
	sleep "$(( RANDOM % 2 )).$(( RANDOM % 10 ))$(( RANDOM % 10 ))"
	end "${names[$victim]}" KILL
	wait "${pid[writer]}"
	unset "pid[writer]"
	start $victim
	for i in 0 1 2; do
		kill -0 "${pid[${names[$i]}]}" 2> /dev/null || fail "round $r: ${names[$i]} is gone"
	done
}

holds_all() {
	c "$1" log --json > "$D/log.json" || fail "$1: the log cannot be read"
	sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' "$D/log.json" | sort > "$D/held"
	[ "$(comm -13 "$D/held" "$D/wanted" | wc -l)" = 0 ]
}

say "seed $seed, $N rounds"
channel --stations 3 --topology line --loss 0.1 --seed "$seed"
for i in 0 1 2; do start $i; done
for (( r = 1; r <= N; r++ )); do round $r; done
began=$(ask stats | number seconds)
grep -E '^[0-9a-f]{64}$' "$D/confirmed" | sort > "$D/wanted"
for n in a b c; do
	until_ok 120 holds_all $n || fail "$n lacks confirmed writes: $(comm -13 "$D/held" "$D/wanted" | wc -l)"
done
until_ok 120 same a b c || fail "the views differ"
stats=$(ask stats)
for n in a b c; do
	c $n log > /dev/null || fail "$n: log"
	end $n
	[ "$status" = 0 ] || fail "$n: exit $status"
done
grep -hE 'Sanitizer|runtime error' "$D"/*.log && fail "a sanitizer spoke"
say "$(wc -l < "$D/wanted") confirmed writes, none lost, three views equal" \
	"$(awk -v a="$began" -v b="$(number seconds <<< "$stats")" 'BEGIN { print b - a }') s (simulated) after the last kill"
say "$stats"
