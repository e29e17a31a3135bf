#!/bin/bash
# SPDX-License-Identifier: MIT
# Import and export: by hand from station to station, with cairnd at work and
# without, whole, from a frontier on, damaged; and a meshlog log.
. "$(dirname "$0")/lib.sh"
says() { local text=$1; shift; "$@" 2>&1 | grep -q -- "$text" || fail "$*: no '$text': $("$@" 2>&1)"; }
feeds_of() { c "$1" feeds --json | tr '{' '\n' | sed -n 's/.*"author":"\([^"]*\)".*"head":\([0-9]*\),"head_id":"\([^"]*\)".*/\1 \2 \3/p' | sort; }
seals_of() { c "$1" export 2> /dev/null | grep -o '"seal":"[^"]*"' | sort; }

# ---- a lone station's events reach another by stick ----
station a --callsign Q1AAA-1
c a create R-1 site > /dev/null
c a set R-1 status open > /dev/null
c a set R-1 at '{"position":[46.5,7.25,512]}' --json > /dev/null
c a note R-1 "road <blocked> & \"wet\"" > /dev/null
c a export "$D/stick" --bundle || fail "export"
[ ! -e "$D/stick.part" ] || fail "a part is left"
key b
says '5 events new, 0 known already' c b import "$D/stick"
same a b || fail "not the same after a bundle"
[ "$(feeds_of a)" = "$(feeds_of b)" ] || fail "other feeds"
[ -n "$(seals_of a)" ] && [ "$(seals_of a)" = "$(seals_of b)" ] || fail "other seals"
says '0 events new, 5 known already' c b import "$D/stick"
says '"held":5' c b import "$D/stick" --json
! answers b || fail "cairnd --offline is left"

# ---- what the other lacks, and back again; JSON Lines ----
c a note R-1 "second" > /dev/null
c b feeds --json > "$D/b.feeds"
c a export "$D/more" --bundle --since-frontier "$D/b.feeds"
says '1 events new, 0 known' c b import "$D/more"
same a b || fail "not the same after a frontier"
printf '{"%s":%s}' "$(json author < "$D/b.feeds")" "$(json head < "$D/b.feeds")" > "$D/by.hand"
[ "$(c a export --since-frontier "$D/by.hand" | wc -l)" = "$(c a export --since-frontier "$D/b.feeds" | wc -l)" ] ||
	fail "a frontier by hand"
key late
says 'not taken: the events before are missing' c late import "$D/more"
c late import "$D/more" > /dev/null 2>&1 && fail "behind a gap: exit 0"
c late import "$D/stick" > /dev/null && c late import "$D/more" > /dev/null || fail "in order"
same a late || fail "not the same in order"
c a note R-1 "third" > /dev/null
c b feeds --json > "$D/b.feeds"
c a export --since-frontier "$D/b.feeds" > "$D/more.jsonl"
[ "$(wc -l < "$D/more.jsonl")" = 2 ] || fail "more than one event since the frontier"
says '1 events new, 0 known' c b import "$D/more.jsonl"
station b --callsign Q2BBB-1
c b note R-1 "answer" > /dev/null
c b export "$D/all.jsonl"
says '2 events new, 7 known already' c a import "$D/all.jsonl"
same a b || fail "not the same after lines"
key empty
c empty import - < "$D/all.jsonl" > /dev/null || fail "import from stdin"
same a empty || fail "an empty station differs"
[ "$(c a export 2> /dev/null | sort)" = "$(c empty export 2> /dev/null | sort)" ] || fail "another export"

# ---- damage is told of with its line, the rest is taken ----
sed '3s/.$/x/; 4d' "$D/all.jsonl" > "$D/torn.jsonl"
key torn
c torn import "$D/torn.jsonl" > "$D/out" 2> "$D/err" && fail "torn: exit 0"
grep -q "torn.jsonl:3: not a whole line" "$D/err" || fail "$(cat "$D/err")"
grep -q "before are missing\|event before it is missing" "$D/err" || fail "gap: $(cat "$D/err")"
grep -q "events new" "$D/out" || fail "torn: $(cat "$D/out")"
c torn import "$D/all.jsonl" > /dev/null || fail "the whole one after the torn one"
same a torn || fail "not the same after repair"
head -c 200 "$D/stick" > "$D/half"
key cut
c cut import "$D/half" > /dev/null 2>&1 && fail "a cut bundle: exit 0"
says 'bytes that are no frame' c cut import "$D/half"
key other
run other "$O/cairnd" -d "$D/other" --dataset elsewhere
until_ok 30 answers other || fail "other"
says 'of another dataset' c other import "$D/stick"
says 'of another dataset' c other import "$D/all.jsonl"
end other

# ---- contents of attachments ----
head -c 10000 /dev/urandom > "$D/map.png"
c a attach R-1 map "$D/map.png" > /dev/null || fail "attach"
c a export "$D/with" --bundle --blobs || fail "export --blobs"
c a export "$D/with.jsonl" --blobs || fail "export --blobs, lines"
for form in with with.jsonl; do
	key "s-$form"
	says '1 contents new; 10 events new' c "s-$form" import "$D/$form"
	c "s-$form" fetch R-1 map - 2> /dev/null | cmp -s - "$D/map.png" || fail "$form: another content"
	says '"contents":0,"held":10' c "s-$form" import "$D/$form" --json
done
c b fetch R-1 map - > /dev/null 2>&1 && fail "b has it"
c b import "$D/with" > /dev/null || fail "import --blobs"
c b fetch R-1 map - | cmp -s - "$D/map.png" || fail "b: another content"
says 'nothing is waited for' c b fetch
key pieces
sed '$d' "$D/with.jsonl" > "$D/pieces.jsonl"
says 'pieces of a content are missing' c pieces import "$D/pieces.jsonl"
sed '$s/"piece":"....../"piece":"03aaaa/' "$D/with.jsonl" > "$D/false.jsonl"
says "a piece that is not its content's" c pieces import "$D/false.jsonl"
key bare
(head -n 1 "$D/with.jsonl"; grep '"piece"' "$D/with.jsonl") > "$D/bare.jsonl"
says 'no event names it' c bare import "$D/bare.jsonl"
[ ! -e "$D/bare/blobs" ] || fail "it is kept"

# a reader that goes away takes the cairnd with it that was started for it
gone() { ! ps -eo args | grep -q "[c]airnd --offline -d $D/"; }
until_ok 5 gone || fail "cairnd --offline is left: $(ps -eo pid,args | grep '[c]airnd --offline')"

# ---- meshlog ----
log=tests/golden/meshlog.jsonl
n=$(wc -l < $log)
key mesh
says "$n events new" c mesh import $log
says "0 events new, $n known" c mesh import $log
(sed 2d $log; head -n 1 $log; printf '{"a": "torn') > "$D/mesh.jsonl"
key mesh2
c mesh2 import "$D/mesh.jsonl" > "$D/out" 2> "$D/err" && fail "torn meshlog: exit 0"
grep -q "mesh.jsonl:2: taken, but event 2 before it is missing" "$D/err" || fail "$(cat "$D/err")"
grep -q "mesh.jsonl:$((n + 1)): not a whole line" "$D/err" || fail "$(cat "$D/err")"
grep -q "$((n - 1)) events new, 1 known already, 1 behind" "$D/out" || fail "$(cat "$D/out")"
c mesh2 import $log > /dev/null || fail "the whole log"
same mesh mesh2 || fail "meshlog by two stations: views differ"

# ---- positions ----
says '"coordinates":\[7.25,46.5,512\]' c a export --geojson
says '<wpt lat="46.5000000" lon="7.2500000"><ele>512.0</ele><name>R-1</name>' c a export --gpx
says '<coordinates>7.2500000,46.5000000,512.0</coordinates>' c a export --kml

# ---- what sending it once would take, by the simulator's reckoning ----
says "\"authors\":2,\"news\":$(grep -c '"payload"' "$D/all.jsonl")," "$O/cairn-sim" --once "$D/all.jsonl"
says 'not what cairn export writes' "$O/cairn-sim" --once "$D/torn.jsonl"
say "events go and come by hand"
