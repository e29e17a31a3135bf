#!/bin/bash
# SPDX-License-Identifier: MIT
# 100 events of 10 authors from one station to another over cairn-air: 1200
# bit/s, a tenth of the long frames lost. A line a seed, the mean, and beside
# it the simulator's mean over the same events, as close in time as they are
# here, of stations that met before as they did here.
# pair.sh [SEEDS [FIRST]]; exit 1 if a run did not converge.
. "$(dirname "$0")/lib.sh"
seeds=${1:-20} first=${2:-1}
within=${WITHIN:-600}	# simulated seconds a run may take

# ---- the dataset: ten stations, each an author; a0 is the holder ----

sites=(school clinic market bridge borehole camp depot mosque library station)
states=(open closed damaged "in repair" unknown)
notes=("road to the site is blocked by a fallen tree, use the northern track"
	"pump works, water is clear, queue of about forty people at noon"
	"roof damaged by wind, two rooms cannot be used"
	"staff ask for chlorine tablets and fuel for the generator"
	"visited with the district officer, keys are at the post office"
	"no change since the last visit")
say_line() { # AUTHOR KIND ARGS: to the writer's list, and to the simulator's
	local a=$1 kind=$2 q
	shift 2
	case $kind in
	create) q="\"k\":\"record.create\",\"p\":{\"record_id\":\"$1\",\"form\":\"$2\"}" ;;
	set) q="\"k\":\"field.set\",\"p\":{\"record_id\":\"$1\",\"field\":\"$2\",\"value\":$3}" ;;
	note) q="\"k\":\"note.add\",\"p\":{\"record_id\":\"$1\",\"text\":\"$2\"}" ;;
	esac
	echo "{$q}" >> "$D/events.jsonl"
	printf '%s\t' "$a" "$kind" "$@" >> "$D/events.txt"
	echo >> "$D/events.txt"
}

events_make() {
	local i a r
	RANDOM=7
	for (( i = 0; i < 100; i++ )); do
		a=$(( i % 10 )) r=$(printf 'R-%d%03d' $(( i % 10 )) $(( i / 30 )))
		case $(( i / 10 % 3 )) in
		0) say_line $a create "$r" site_assessment ;;
		1) say_line $a set "$r" status "\"${states[RANDOM % 5]}\"" ;;
		2) if (( RANDOM % 2 )); then
			say_line $a note "$r" "${sites[RANDOM % 10]}: ${notes[RANDOM % 6]}"
		   else
			say_line $a set "$r" population $(( RANDOM % 3000 ))
		   fi ;;
		esac
	done
}

author() { station "a$1" --callsign "Q1A$(printf '\x'$((41 + $1)))A-$1" --port "lan=$2"; }
heads() { c "$1" log --json | wc -l; }
holds() { [ "$(heads "$1")" = "$2" ]; }

dataset_make() {
	local port=$(free_port) a kind args
	echo "preparing: ten authors write ten events each"
	author 0 "listen:127.0.0.1:$port"
	for (( a = 1; a < 10; a++ )); do author $a "tcp:127.0.0.1:$port"; done
	station r --callsign Q2RRR-1 --port "lan=tcp:127.0.0.1:$port"
	for (( a = 0; a < 10; a++ )); do
		c a$a note "BASE-$a" "station on duty" > /dev/null || fail "a$a: note"
	done
	c r note BASE-r "station on duty" > /dev/null || fail "r: note"
	until_ok 60 holds r 22 || fail "the base does not arrive: $(heads r)"
	until_ok 60 same a0 r || fail "the base differs"
	end r
	events_make
	while IFS=$'\t' read -r -a args; do
		case ${args[1]} in
		set) c "a${args[0]}" set "${args[@]:2}" --json ;;
		*) c "a${args[0]}" "${args[@]:1}" ;;
		esac > /dev/null || fail "write: ${args[*]}"
	done < <(sort -s -k 1,1 "$D/events.txt")	# one seal an author
	until_ok 60 holds a0 122 || fail "the news do not arrive: $(heads a0)"
	sleep 1.5	# the holder's own seal
	for (( a = 0; a < 10; a++ )); do end a$a; done
	mkdir "$D/master"
	mv "$D/a0" "$D/r" "$D/master"
}

# ---- a run ----

run_one() {
	local seed=$1 want stats began=0 word=no n
	rm -rf "$D/a0" "$D/r"
	cp -a --sparse=always "$D/master/." "$D/"
	want=$(hash_of a0)
	channel --stations 2 --bitrate 1200 --loss 0.1 --seed "$seed"
	began=$(ask stats | number seconds)
	tune r Q2RRR-1 1
	tune a0 Q1AAA-0 0
	until_ok 5 up a0 && until_ok 5 up r || fail "a port does not come up"
	while :; do
		[ "$(hash_of r)" = "$want" ] && word=yes
		stats=$(ask stats) || fail "the channel does not answer"
		[ $word = yes ] && break
		(( $(number seconds <<< "$stats" | cut -d. -f1) < within )) || break
	done
	printf '%s %s %s %s %s %s %s %s\n' "$seed" $word \
		"$(number seconds <<< "$stats" | awk -v b="$began" '{ print $1 - b }')" \
		"$(number bytes <<< "$stats")" "$(number airtime_s <<< "$stats")" \
		"$(number frames <<< "$stats")" "$(number keyups <<< "$stats")" \
		"$(number collisions <<< "$stats")" >> "$D/table"
	tail -n 1 "$D/table" | row
	for n in a0 r air; do
		end $n
		[ "$status" = 0 ] || fail "$n: exit $status"
	done
}
up() { c "$1" status --json | grep -q '"name":"radio","device":[^}]*"up":true'; }
row() { awk '{ printf "%-6s %5s %8.1f %8.0f %8.1f %6.1f %6.1f %5.1f\n", $1, $2, $3, $4, $5, $6, $7, $8 }'; }

simulated() {
	cat > "$D/pair.json" <<-END
	{ "name": "the same, simulated", "nodes": 2, "authors": 11, "base_seq": [2, 3],
	  "holder": "node0", "warm": true, "step": 1, "new_authors": 10,
	  "events": "$D/events.jsonl", "duration": 7200 }
	END
	"$O/cairn-sim" --json --seeds "$seeds" "$D/pair.json" | tail -n 1 > "$D/sim"
	printf 'sim %s %s %s %s %s %s %s\n' "$(sed 's/.*"converged":\([^,]*\).*/\1/' "$D/sim")" \
		"$(number t_s < "$D/sim")" "$(number bytes < "$D/sim")" "$(number airtime_s < "$D/sim")" \
		"$(number frames < "$D/sim")" "$(number keyups < "$D/sim")" "$(number collisions < "$D/sim")"
}

dataset_make
printf '%-6s %5s %8s %8s %8s %6s %6s %5s\n' seed conv t_s bytes air_s frames keyups coll
for (( k = first; k < first + seeds; k++ )); do run_one $k; done
awk '{ n++; y += $2 == "yes"; for (i = 3; i <= 8; i++) s[i] += $i }
	END { printf "mean %d/%d", y, n; for (i = 3; i <= 8; i++) printf " %f", s[i] / n; print "" }' \
	"$D/table" | row
simulated | row
grep -hE 'Sanitizer|runtime error' "$D"/*.log && fail "a sanitizer spoke"
grep -qv ' yes ' "$D/table" && fail "a run did not converge"
exit 0
