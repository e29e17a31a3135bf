#!/bin/bash
# SPDX-License-Identifier: MIT
# What people see of an exchange: who lacks what and for how long, what it would
# cost, a word at their wish, and its progress; against what was on the air.
. "$(dirname "$0")/lib.sh"
SPEED=20
says() { local text=$1; shift; "$@" 2>&1 | grep -q -- "$text" || fail "$*: no '$text': $("$@" 2>&1)"; }
refuses() { local text=$1; shift; "$@" > "$D/out" 2>&1 && fail "$*: exit 0"; grep -q -- "$text" "$D/out" || fail "$*: no '$text': $(cat "$D/out")"; }

coproc air { exec "$O/cairn-air" --stations 2 --bitrate 1200 --loss 0.05 --seed 3 \
	--speed $SPEED --dir "$D/air" 2> "$D/air.log"; }
pid[air]=$air_PID
read -r -t 5 ready <&"${air[0]}" || fail "cairn-air does not start"
air_say() { echo "$1" >&"${air[1]}"; read -r -t 5 answer <&"${air[0]}"; }
on_air() { air_say stats; echo "$answer" | json bytes; }
for i in 0 1; do
	station s$i --callsign "Q${i}AAA-1" --transmit --time-scale $SPEED \
		--port "radio=kiss:$D/air/tnc$i,bitrate=1200,duty=100%"
done
run monitor "$O/cairn" -d "$D/s0" monitor
says 'no neighbour of that name yet' c s0 sync --dry-run nobody
station s2 --callsign Q2AAA-1
says 'no neighbour heard yet' c s2 sync --dry-run
end s2
c s0 note R-1 one > /dev/null
c s1 note R-2 two > /dev/null
root() { c "$1" status --json | json root; }
in_sync() { [ "$(root s0)" = "$(root s1)" ] && c "$1" neighbours | grep -q 'in sync'; }
until_ok 60 in_sync s0 || fail "s0 is not in sync: $(c s0 neighbours)"
until_ok 60 in_sync s1 || fail "s1 is not in sync: $(c s1 neighbours)"

c s1 tx off > /dev/null
refuses 'port radio does not send: transmit off' c s1 sync
c s1 tx on > /dev/null
refuses 'no port and no neighbour of that name' c s0 sync Q9ZZZ
air_say 'cut 0 1'
for i in $(seq 40); do c s0 note R-1 "pump $i: $((i * i * 7919 % 1000)) litres an hour" > /dev/null; done
behind() { c s0 neighbours --json | grep -q '"relation":"behind".*"basis":"exact","lacks_events":40,"missing_events":0'; }
until_ok 20 behind || fail "not behind by 40: $(c s0 neighbours --json)"
says '^Q1AAA-1  radio .* 40 .* behind' c s0 status
says '^Q1AAA-1  radio  *40  *0  .* behind' c s0 sync --dry-run
says '"neighbours":\[\]' c s0 sync --dry-run --json nobody
before=$(on_air) cost=$(c s0 sync Q1AAA-1 --dry-run --json | json sync_bytes)
air_say 'heal 0 1'
timeout 60 "$O/cairn" -d "$D/s0" sync --json > "$D/progress" || fail "sync: $? $(cat "$D/progress")"
head -n 1 "$D/progress" | grep -q '"neighbours":1,"in_sync":0,.*"lacks_events":40' || fail "first: $(cat "$D/progress")"
tail -n 1 "$D/progress" | grep -q '"in_sync":1,.*"lacks_events":0,"missing_events":0' || fail "last: $(cat "$D/progress")"
same s0 s1 || fail "equal, it said"
took=$(( $(on_air) - before ))
[ $took -gt $((cost / 2)) ] && [ $took -lt $((cost * 2)) ] || fail "$took bytes on the air, $cost foretold"

# on a terminal it is one line
c s0 note R-1 last > /dev/null
timeout 60 script -qec "$O/cairn -d $D/s0 sync radio" /dev/null < /dev/null > "$D/tty" || fail "on a terminal: $(cat "$D/tty")"
grep -q $'\r.* have [0-9]*, missing ' "$D/tty" && grep -q '^equal' "$D/tty" || fail "$(cat "$D/tty")"

# the monitor has shown our messages in words, both ways, and nothing else
c s1 announce > /dev/null || fail "announce"
for line in 'out .* sent .* digest dataset' 'in .* ok .* digest dataset' 'out .* sent .* events generation' \
	'in .* ok .* events generation' 'out .* sent .* want to' 'in .* ok .* announce'; do
	until_ok 20 grep -q "^[0-9T:.Z-]* radio  *$line" "$D/monitor.log" || fail "monitor: no '$line': $(cat "$D/monitor.log")"
done
grep -vqE 'cairn (digest|events|want|offer)|rns announce' "$D/monitor.log" && fail "monitor: $(grep -vE 'cairn (digest|events|want|offer)|rns announce' "$D/monitor.log")"
end s0
"$O/cairn" -d "$D/s0" sync > /dev/null 2>&1; [ $? = 3 ] || fail "no daemon: not exit 3"
say "$cost bytes foretold, $took on the air"
