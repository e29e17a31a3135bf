#!/bin/bash
# SPDX-License-Identifier: MIT
# A stock Reticulum transport node, as it comes, between two stations that do not
# hear each other. Each is far for the other, with the root that it announced;
# the node passes on every announce that a station lets out, and keeps to its
# own 2 % of 1200 bit/s; and nothing else is said because of who is far.
#
#     north --AX.25 KISS, 1200 bit/s-- rnsd (stock) --TCP-- south
#
# RNS_PATH: a checkout of the reference implementation. MINUTES: how long to
# listen (16).
. "$(dirname "$0")/rns.sh"
server=$(free_port) minutes=${MINUTES:-16}

wire ax25
station north --callsign Q1NNN-1 --transmit --port "radio=kiss:$D/ax25.ours,duty=100%"
transport << CONFIG
  [[ax25]]
    type = AX25KISSInterface
    enabled = Yes
    port = $D/ax25.theirs
    callsign = Q9RNS
    ssid = 1
  [[server]]
    type = TCPServerInterface
    enabled = Yes
    listen_ip = 127.0.0.1
    listen_port = $server
CONFIG
station south --callsign Q2SSS-1 --port "lan=tcp:127.0.0.1:$server"
up() { c "$1" status --json | grep -q '"up":true'; }
for s in north south; do
	until_ok 20 up $s || fail "$s: its port stays down"
	run "$s.said" "$O/cairn" -d "$D/$s" monitor
	run "$s.raw" "$O/cairn" -d "$D/$s" monitor --json
done
sleep 3	# a KISS interface of the node is deaf so long

# ---- far, with what was announced

root() { c "$1" status --json | json root; }
write() {	# write STATION TEXT: an event, sealed and so in its root
	local before=$(root "$1")
	c "$1" note R-1 "$2" > /dev/null || fail "$1: note"
	until_ok 10 moved "$1" "$before" || fail "$1: no seal"
}
moved() { [ "$(root "$1")" != "$2" ]; }
sees() { c "$1" neighbours --json | grep -q "\"relation\":\"far\",\"hops\":1,\"root\":\"$(root "$2")\""; }
write south "from the south"
c south announce > /dev/null || fail "south: announce"
until_ok 15 sees north south || fail "north: $(c north neighbours --json)"
write north "from the north"
c north announce > /dev/null || fail "north: announce"
until_ok 15 sees south north || fail "south: $(c south neighbours --json)"

# ---- as many as relays pass, and then no more

for i in 2 3 4 5 6; do
	sleep 3
	write north "again, $i"
	for s in north south; do c $s announce > /dev/null || fail "$s: announce $i"; done
done
until_ok 15 sees south north || fail "south: $(c south neighbours --json)"
for s in north south; do
	sleep 1.1
	c $s announce 2>&1 | grep -q "one an hour" || fail "$s: a seventh announce"
done
passed=$(grep -c ' in .* ok .* announce .* hops 1 via' "$D/south.said.log")
[ "$passed" = 6 ] || fail "$passed of six announces came through"
rns rnpath -r > "$D/rates.log" || fail "rnpath"
[ "$(grep -c 'last heard' "$D/rates.log")" = 2 ] || fail "two rates"
grep 'new announces allowed' "$D/rates.log" && fail "held back by the relay"

# ---- what else is said, while both ends write

for (( m = 1; m < minutes; m++ )); do
	sleep 60
	for s in north south; do write $s "minute $m"; done
done
digests() { grep ' out ' "$D/$1.said.log" | grep -vc 'rns announce'; }
for s in north south; do
	grep ' out ' "$D/$s.said.log" | grep -vE 'cairn digest|rns announce' &&
		fail "$s says more than roots"
	[ "$(digests $s)" -le $(( 20 + 8 * minutes )) ] || fail "$s: a storm of digests"
	[ "$(c $s feeds --json | grep -o '"alias"' | wc -l)" = 1 ] || fail "$s holds what it cannot have heard"
done
# what the relay keyed with an announce: when, and for how long
grep '"direction":"in".*"frame":"82a0b4a49ca6.\{16\}03f051' "$D/north.raw.log" |
	sed 's/.*"time_ms":\([0-9]*\).*"airtime_us":\([0-9]*\).*/\1 \2/' > "$D/relayed"
awk 'NR > 1 && $1 - at < 60000 { bad = 1 } { at = $1; n++; us += $2 }
	END { printf "%d announces relayed by radio in %.1f s of air\n", n, us / 1e6; exit bad || !n }' "$D/relayed" ||
	fail "more than 2 % of the air: $(cat "$D/relayed")"
for s in north south; do
	say "$s sent $(grep -c ' out .* rns announce' "$D/$s.said.log") announces and $(digests $s) digests"
done
say "far stations are on the map, six announces pass, and nothing follows from them"
