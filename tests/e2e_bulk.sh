#!/bin/bash
# SPDX-License-Identifier: MIT
# Contents of attachments by radio: a photograph of 9 KB crosses cairn-air at
# 15 % loss, a kill of the one that fetches it and one of the one that holds it
# in the middle; an event written meanwhile goes first; a third station takes it
# from the second by TCP, unasked (fetch =).
. "$(dirname "$0")/lib.sh"
SPEED=40
says() { local text=$1; shift; "$@" 2>&1 | grep -q -- "$text" || fail "$*: no '$text': $("$@" 2>&1)"; }
kept() { c b fetch --json 2> /dev/null | json chunks_here; }
some_kept() { local n; n=$(kept); [ "${n:-0}" -ge "$1" ]; }
has_note() { c "$1" view R-1 --json 2> /dev/null | grep -q "$2"; }
# radio NAME CALL TNC [FLAGS...]
radio() {
	local name=$1 call=$2 tnc=$3
	shift 3
	station "$name" --callsign "$call" --transmit --time-scale $SPEED \
		--port "radio=kiss:$D/air/tnc$tnc,duty=100%" "$@"
}

run air "$O/cairn-air" --stations 2 --loss 0.15 --seed 3 --speed $SPEED --dir "$D/air"
until_ok 45 test -S "$D/air/air.ctl" || fail "cairn-air does not start"
tcp=$(free_port)
head -c 9000 /dev/urandom > "$D/roof.jpg"
radio a Q1AAA-1 0
radio b Q2BBB-1 1
c a attach R-1 photo "$D/roof.jpg" > /dev/null || fail "attach"
until_ok 30 has_record b R-1 || fail "the event does not come"

c b fetch R-1 photo "$D/out.jpg" 2> "$D/out" && fail "fetched what is not here"
grep -q 'is waited for now' "$D/out" || fail "fetch: $(cat "$D/out")"
says '0 of 3 chunks, 9000 bytes' c b fetch
until_ok 60 some_kept 1 || fail "no chunk comes: $(c b status --json)"
end b KILL
radio b Q2BBB-1 1
some_kept 1 || fail "what came before the kill is lost"
end a KILL
radio a Q1AAA-1 0
c b note R-1 "written meanwhile" > /dev/null
until_ok 30 has_note a meanwhile || fail "the event waits for the photograph"
until_ok 90 c b fetch R-1 photo "$D/out.jpg" || fail "it does not come: $(c b fetch)"
cmp -s "$D/roof.jpg" "$D/out.jpg" || fail "another photograph"
says 'nothing is waited for' c b fetch
[ -z "$(find "$D/b/blobs" -name '*.part')" ] || fail "a part is left"

# by TCP, without being asked for; and not what is above the bound
head -c 3000 /dev/urandom > "$D/small.bin"
head -c 30000 /dev/urandom > "$D/large.bin"
end b
station b --callsign Q2BBB-1 --port "lan=listen:127.0.0.1:$tcp"
key c
echo 'fetch = 10KB' > "$D/c/cairn.conf"
station c --callsign Q3CCC-1 --port "lan=tcp:127.0.0.1:$tcp"
until_ok 30 c c fetch R-1 photo "$D/c.jpg" || fail "by tcp: $(c c fetch)"
cmp -s "$D/roof.jpg" "$D/c.jpg" || fail "another photograph by tcp"
c b attach R-2 small "$D/small.bin" > /dev/null
c b attach R-2 large "$D/large.bin" > /dev/null
until_ok 30 has_record c R-2 || fail "no events by tcp"
until_ok 30 c c fetch R-2 small "$D/c.bin" || fail "small: $(c c fetch)"
says 'nothing is waited for' c c fetch
until_ok 30 c c fetch R-2 large "$D/c.bin" || fail "large: $(c c fetch)"
cmp -s "$D/large.bin" "$D/c.bin" || fail "another large one"
c c fetch --off R-2 large 2> /dev/null && fail "off what is here"
same b c || fail "not the same"
say "a photograph comes by radio, through loss, kills and a relay"
