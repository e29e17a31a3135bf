#!/bin/bash
# SPDX-License-Identifier: MIT
# Ports that are not there, go away, come back, or carry garbage: the station
# stays, and works as soon as its port does.
. "$(dirname "$0")/lib.sh"
tcp=$(free_port) lan=$(free_port)

air() {
	run air "$O/cairn-air" --stations 3 --topology clique --loss 0 --seed 1 \
		--speed 20 --dir "$D/air" --tcp "$tcp"
	until_ok 45 test -S "$D/air/air.ctl" || fail "cairn-air does not start"
}
up() { c "$1" status --json | grep -q "\"name\":\"$2\",\"device\":[^}]*\"up\":$3"; }
scale=(--transmit --time-scale 20)

# nothing is there yet: down, and running
mkdir "$D/air"; touch "$D/air/air.ctl"
station a --callsign Q1AAA-1 "${scale[@]}" --port "pty=kiss:$D/air/tnc0,duty=50%"
station b --callsign Q2BBB-1 --transmit --port "net=kiss:tcp:127.0.0.1:$((tcp + 1)),duty=50%" \
	--port "lan=listen:127.0.0.1:$lan"
up a pty false || fail "a port that is not there is up"
up b net false || fail "a server that is not there is up"
c a note R-1 early > /dev/null || fail "a cannot write without its port"
rm "$D/air/air.ctl"

# it comes
air
until_ok 8 up a pty true || fail "the pty does not come up"
until_ok 8 up b net true || fail "the TCP TNC does not come up"
until_ok 45 has_record b R-1 || fail "nothing arrives by radio"

# it goes and comes again
end air
until_ok 45 up a pty false || fail "the pty is gone but up"
until_ok 45 up b net false || fail "the TCP TNC is gone but up"
air
until_ok 45 up a pty true || fail "the pty does not come back"
until_ok 45 up b net true || fail "the TCP TNC does not come back"

# garbage: by radio as KISS frames, and as bytes into the Reticulum port
exec 7<> "/dev/tcp/127.0.0.1/$((tcp + 2))" || fail "no third TNC"
for _ in 1 2 3 4 5; do
	{ printf '\300\000'; head -c 100 /dev/urandom | tr -d '\300\333'; printf '\300'; } >&7
done
exec 8<> "/dev/tcp/127.0.0.1/$lan" && head -c 20000 /dev/urandom >&8
exec 8>&-
# who comes and goes all the time does not fill the journal (on a machine that is
# too busy he does not come often enough)
for (( end = SECONDS + 3; SECONDS < end; )); do
	exec 8<> "/dev/tcp/127.0.0.1/$lan"; exec 8>&-; sleep 0.01
done
ups=$(c b status --json | grep -o '"name":"lan"[^}]*"ups":[0-9]*' | grep -o '[0-9]*$')
lines=$(grep -c 'port lan is' "$D/b.log")
[ "$ups" -lt 80 ] || [ "$lines" -le 100 ] || fail "$ups connections, $lines lines"
c a note R-2 late > /dev/null || fail "a cannot write"
until_ok 45 has_record b R-2 || fail "nothing arrives after garbage"
bad() { c b status --json | grep -q '"bad frame":'; }
until_ok 45 bad || fail "garbage was not counted"
end a; [ "$status" = 0 ] || fail "a: exit $status"
end b; [ "$status" = 0 ] || fail "b: exit $status"
say "ports go and come, garbage is counted"
