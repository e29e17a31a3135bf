#!/bin/bash
# SPDX-License-Identifier: MIT
# Does the simulator tell the truth? Events of 10 authors go from the station
# that holds them to the others over cairn-air, with real processes: 1200 bit/s,
# a tenth of the long frames lost. A line a seed, the mean, and beside it the
# simulator's mean over the same events, as close in time as they are here, of
# stations that met before as these did.
# agree.sh [pair|onehop|line [SEEDS [FIRST]]]; exit 1 if a run did not converge,
# or if the means of the bytes differ by more than 15 %.
. "$(dirname "$0")/lib.sh"
shape=${1:-pair} seeds=${2:-20} first=${3:-1}
within=${WITHIN:-900}	# simulated seconds a run may take
case $shape in
pair) stations=2 events=100 topology=clique ;;
onehop) stations=5 events=60 topology=clique ;;	# 50 lie at the edge of 4 and 5 frames
line) stations=6 events=50 topology=line ;;
*) echo "agree.sh: pair, onehop or line"; exit 2 ;;
esac

# ---- the dataset: ten stations, each an author; a0 is the holder, and r1 ..
# ---- are those that lack the news

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
	for (( i = 0; i < events; i++ )); do
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


receivers=$(seq -f r%g $(( stations - 1 )))
call_of() {
	case $1 in
	a*) echo "Q1A$(printf '\x'$((41 + ${1#a})))A-${1#a}" ;;
	r*) echo "Q2RRR-${1#r}" ;;
	esac
}
member() { station "$1" --callsign "$(call_of "$1")" --port "lan=$2"; }
heads() { c "$1" log --json | wc -l; }
holds() { [ "$(heads "$1")" = "$2" ]; }
each() { local n; for n in $receivers; do "$@" $n || return 1; done; }
as_a0() { same a0 "$1"; }

# A copy is the same folder, and those in range met on the radio before: what
# the simulator's stations begin with.
mark() { # FOLDER: as DIR/state names it
	local ns=$(stat -c %w "$1"); ns=${ns#*.}
	printf '%x.%x.%x' $(stat -c '%i %W' "$1") $(( 10#${ns%% *} ))
}
in_range() { # PLACE PLACE
	local far=$(( $1 - $2 ))
	[ $topology = clique ] || (( far * far == 1 ))
}
begin() { # NAME PLACE: out of the master
	local met= i=0 n
	rm -rf "$D/$1"
	cp -a --sparse=always "$D/master/$1" "$D/$1"
	for n in a0 $receivers; do
		[ $i = $2 ] || ! in_range $i $2 || met="$met,[\"radio\",\"$(call_of $n)\",0]"
		i=$(( i + 1 ))
	done
	sed -i "s/\"folder\":\"[^\"]*\"/\"folder\":\"$(mark "$D/$1/events")\"/
		s/\"neighbours\":\[[^a-z]*\(\"lan\"[^]]*\],*\[*\)*\]/\"neighbours\":[${met#,}]/" "$D/$1/state"
	grep -q '"neighbours":\[\["radio"[^a-z]*\("radio"[^a-z]*\)*\],"news":\[\]' "$D/$1/state" || fail "$1: $(cat "$D/$1/state")"
}

dataset_make() {
	local port=$(free_port) base=$(( 2 * (10 + stations - 1) )) a n args
	echo "preparing: ten authors write $events events"
	member a0 "listen:127.0.0.1:$port"
	for n in a{1..9} $receivers; do member $n "tcp:127.0.0.1:$port"; done
	for n in a{0..9} $receivers; do
		c $n note "BASE-$n" "station on duty" > /dev/null || fail "$n: note"
	done
	for n in $receivers; do
		until_ok 60 holds $n $base || fail "the base does not arrive: $(heads $n)"
		until_ok 60 as_a0 $n || fail "the base differs"
	done
	for n in $receivers; do end $n; done
	events_make
	while IFS=$'\t' read -r -a args; do
		case ${args[1]} in
		set) c "a${args[0]}" set "${args[@]:2}" --json ;;
		*) c "a${args[0]}" "${args[@]:1}" ;;
		esac > /dev/null || fail "write: ${args[*]}"
	done < <(sort -s -k 1,1 "$D/events.txt")	# one seal an author
	until_ok 60 holds a0 $(( base + events )) || fail "the news do not arrive: $(heads a0)"
	sleep 1.5	# the holder's own seal
	for (( a = 0; a < 10; a++ )); do end a$a; done
	mkdir "$D/master"
	for n in a0 $receivers; do mv "$D/$n" "$D/master"; done
}

# ---- a run ----

up() { c "$1" status --json | grep -q '"name":"radio","device":[^}]*"up":true'; }

run_one() {
	local seed=$1 want stats began=0 word=no n i=0 left=$receivers
	for n in a0 $receivers; do begin $n $i; i=$(( i + 1 )); done
	want=$(hash_of a0)
	channel --stations $stations --topology $topology --bitrate 1200 --loss 0.1 --seed "$seed"
	began=$(ask stats | number seconds)
	i=$(( stations - 1 ))
	for n in $(tac <<< "$receivers") a0; do
		tune $n "$(call_of $n)" $i
		i=$(( i - 1 ))
	done
	for n in a0 $receivers; do until_ok 5 up $n || fail "$n: its port does not come up"; done
	while [ "$left" ]; do	# the last of them first: it is the last to have all
		n=${left##*$'\n'}
		if [ "$(hash_of $n)" = "$want" ]; then
			left=${left%$n} left=${left%$'\n'}
			continue
		fi
		stats=$(ask stats) || fail "the channel does not answer"
		(( $(number seconds <<< "$stats" | cut -d. -f1) < within )) || break
	done
	stats=$(ask stats)
	[ "$left" ] || word=yes
	printf '%s %s %s %s %s %s %s %s\n' "$seed" $word \
		"$(number seconds <<< "$stats" | awk -v b="$began" '{ print $1 - b }')" \
		"$(number bytes <<< "$stats")" "$(number airtime_s <<< "$stats")" \
		"$(number frames <<< "$stats")" "$(number keyups <<< "$stats")" \
		"$(number collisions <<< "$stats")" >> "$D/table"
	tail -n 1 "$D/table" | row
	for n in a0 $receivers air; do
		end $n
		[ "$status" = 0 ] || fail "$n: exit $status"
	done
}
row() { awk '{ printf "%-6s %5s %8.1f %8.0f %8.1f %6.1f %6.1f %5.1f\n", $1, $2, $3, $4, $5, $6, $7, $8 }'; }

simulated() {
	cat > "$D/same.json" <<-END
	{ "name": "the same, simulated", "nodes": $stations, "topology": "$topology",
	  "authors": $(( 10 + stations - 1 )), "base_seq": [2, 3], "holder": "node0",
	  "warm": true, "step": 1, "new_authors": 10, "events": "$D/events.jsonl", "duration": 14400 }
	END
	"$O/cairn-sim" --json --seeds 100 "$D/same.json" | tail -n 1 > "$D/sim"
	printf 'sim %s %s %s %s %s %s %s\n' "$(sed 's/.*"converged":\([^,]*\).*/\1/' "$D/sim")" \
		"$(number t_s < "$D/sim")" "$(number bytes < "$D/sim")" "$(number airtime_s < "$D/sim")" \
		"$(number frames < "$D/sim")" "$(number keyups < "$D/sim")" "$(number collisions < "$D/sim")"
}

dataset_make
printf '%-6s %5s %8s %8s %8s %6s %6s %5s\n' seed conv t_s bytes air_s frames keyups coll
for (( k = first; k < first + seeds; k++ )); do run_one $k; done
awk '{ n++; y += $2 == "yes"; for (i = 3; i <= 8; i++) s[i] += $i }
	END { printf "mean %d/%d", y, n; for (i = 3; i <= 8; i++) printf " %f", s[i] / n; print "" }' \
	"$D/table" | tee "$D/mean" | row
simulated | tee -a "$D/mean" | row
grep -hE 'Sanitizer|runtime error' "$D"/*.log && fail "a sanitizer spoke"
grep -qv ' yes ' "$D/table" && fail "a run did not converge"
awk '{ b[NR] = $4 } END { x = 100 * b[1] / b[2] - 100; printf "bytes: %+.1f %% of the simulator'"'"'s\n", x
	exit x > 15 || x < -15 }' "$D/mean"
