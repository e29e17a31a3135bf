#!/bin/bash
# SPDX-License-Identifier: MIT
# A station's log is damaged in every way at once: fsck names each range,
# cairnd serves the rest and says what is missing, the neighbour gives it back,
# and the next start has nothing to say.
. "$(dirname "$0")/lib.sh"
export CAIRN_SEGMENT_KB=64
port=$(free_port)
N=${N:-64}

start_a() { station a --callsign Q1AAA-1 --port "door=listen:127.0.0.1:$port"; }
start_b() { station b --callsign Q2BBB-1 --port "link=tcp:127.0.0.1:$port"; }
feeds() { c "$1" feeds --json | grep -o '"head":[0-9]*,"head_id":"[0-9a-f]*"' | sort; }
equal() { same a b && [ "$(feeds a)" = "$(feeds b)" ]; }
seg() { printf '%s/a/events/%016x.seg' "$D" "$1"; }
# put FILE OFFSET: stdin goes there
put() { dd of="$1" bs=1 seek="$2" conv=notrunc 2> /dev/null; }
# the offset of the n-th batch of a segment that has a note in it
batch() { grep -abo BTCH "$1" | awk -F: -v n="$2" 'NR > 1 && $1 - at > 1000 && ++k == n { print at; exit } { at = $1 }'; }
fsck() { c a fsck "$@" > "$D/fsck" 2> "$D/fsck.err"; }
names() { grep -q "$1" "$D/fsck" || fail "fsck does not name $1: $(cat "$D/fsck")"; }

key a; key b
start_a; start_b
text=$(printf '%03900d' 0)	# much in the log, little on the wire
for (( i = 0; i < N; i++ )); do
	c a note R-1 "$i $text" > /dev/null & c b note R-2 "$i $text" > /dev/null; wait $!
done
until_ok 60 equal || fail "they do not agree"
end a
fsck --deep || fail "a sound log: $(cat "$D/fsck")"
last=$(ls "$D"/a/events/*.seg | wc -l)
[ "$last" -ge 9 ] || fail "only $last segments"

# every damage in one log
printf 'xx' | put "$(seg 1)" $(( $(batch "$(seg 1)" 2) + 200 ))
printf 'x' | put "$(seg 1)" $(( $(batch "$(seg 1)" 4) + 9 ))
dd if=/dev/zero of="$(seg 1)" bs=4096 seek=12 count=1 conv=notrunc 2> /dev/null
dd if="$D/b/events/0000000000000001.seg" of="$(seg 2)" bs=512 skip=8 seek=20 count=1 conv=notrunc 2> /dev/null
truncate -s 40000 "$(seg 2)"
rm "$(seg 3)"
mv "$(seg 4)" "$D/swap"; mv "$(seg 5)" "$(seg 4)"; mv "$D/swap" "$(seg 5)"
dd if=/dev/zero of="$(seg 6)" bs=4096 count=1 conv=notrunc 2> /dev/null
rm "$(seg $(( last - 1 )))"

fsck && fail "fsck finds nothing"
[ "$(grep -c 'segment 0000000000000001, 0x[0-9a-f]* to \(0x[0-9a-f]*\|its end\): cannot be read' "$D/fsck")" = 3 ] ||
	fail "not three ranges in the first: $(cat "$D/fsck")"
names "segment 0000000000000002, 0x[0-9a-f]* to 0x[0-9a-f]*: cannot be read"
names "segment 0000000000000002, 0x[0-9a-f]* to \(its end\|segment 0000000000000004\)"
names "segment 0000000000000004, 0x1000 to its end: cannot be read"
names "segment 0000000000000005, 0x1000 to its end: cannot be read"
names "segment 0000000000000006, 0x0 to 0x1000: cannot be read"
names 'events [0-9]*\.\.[0-9]* are missing'
held=$(c a log 2> /dev/null | wc -l)
[ "$held" -gt $(( N / 2 )) ] || fail "only $held events are left"

end b
start_a
grep -q 'log: damaged: segment 0000000000000001, 0x' "$D/a.log" || fail "cairnd does not say where"
grep -q 'log: events [0-9]*\.\.[0-9]* of Q[12][AB]*-1 are missing: asked for again' "$D/a.log" || fail "nor what"
c a status | grep -q '^damage    segment 0000000000000001' || fail "status: $(c a status)"
c a status | grep -q '^missing   events' || fail "status: $(c a status)"
c a note R-3 "written meanwhile" > /dev/null || fail "it does not write"
c a view R-3 > /dev/null || fail "what is written does not show"
c a fsck > "$D/live"; grep -q 'damage\|cannot' "$D/live" || fail "fsck beside cairnd"
start_b
until_ok 90 equal || fail "not healed: $(c a status)"
has_record b R-3 || fail "what was written meanwhile is not at the other"
[ "$(c a feeds --json | grep -c '"forked":true')" = 0 ] || fail "a fork was made"
c a status | grep -q '^missing' && fail "still missing: $(c a status)"

# the next start knows the damage, and nothing is missing
end a
: > "$D/a.log"
start_a
grep -q 'damaged\|missing' "$D/a.log" && fail "said again: $(cat "$D/a.log")"
c a status | grep -q '^damage .*(old)$' || fail "old damage: $(c a status)"
until_ok 30 equal || fail "not the same after loading again"
end a
fsck --deep || fail "healed: $(cat "$D/fsck")"
names '(old)'

# what a start would do, without one
start_a
fsck --repair && fail "it repairs under cairnd"
grep -q 'at work' "$D/fsck.err" || fail "nor says why: $(cat "$D/fsck.err")"
end a KILL
rm "$D"/a/events/*.idx
fsck --repair || fail "repair: $(cat "$D/fsck" "$D/fsck.err")"
[ -e "$D/a/events/0000000000000001.idx" ] || fail "no index was made"
[ "$(find "$D/a/events" -name '*.seg' -size +64k)" = "" ] || fail "a segment of another size"
fsck --deep || fail "repaired: $(cat "$D/fsck")"
say "$last segments, $held of $(( 2 * N + 2 )) events left, healed; fsck: $(tail -n 1 "$D/fsck")"
