#!/bin/bash
# SPDX-License-Identifier: MIT
# A question has one answer, byte for byte: from a cairnd at work, which has it
# at hand, and from the log alone.
. "$(dirname "$0")/lib.sh"

station a --callsign Q1AAA-1
c a forms site code:text people:number > /dev/null || fail "forms"
c a create R-1 site > /dev/null
c a create R-2 other > /dev/null
c a set R-1 code 7 > /dev/null
c a set R-1 people 12 > /dev/null
c a set R-1 people 14 > /dev/null
c a note R-1 'seen "again"' > /dev/null
c a count R-1 visitors +3 > /dev/null
c a plan boats=2 road=open > /dev/null
c a doc minutes insert "09:00 arrived" > /dev/null
c a doc minutes insert "12:00 left" > /dev/null
c a doc other insert "elsewhere" > /dev/null
echo "guard: Kim" | c a resource commit roster "$(c a resource begin roster)" - > /dev/null || fail "commit"
c a resource policy 'roster*' merge:text > /dev/null
c a import tests/golden/meshlog.jsonl > /dev/null || fail "import"
# two branches of one key, the longer one last; and what two wrote without
# knowing of each other
station b --callsign Q2BBB-1
mkdir "$D/twin" && cp "$D/b/key" "$D/twin/key"
c b note R-1 "a branch" > /dev/null
c b export "$D/b.b" --bundle || fail "export"
end b
sleep 1.1
station twin --callsign Q2BBB-1
c twin set R-1 people 3 > /dev/null
c twin note R-2 "another branch" > /dev/null
c twin plan road=closed > /dev/null
c twin export "$D/twin.b" --bundle || fail "export"
end twin
c a import "$D/b.b" > /dev/null
c a import "$D/twin.b" > /dev/null
# the same station by another call sign: each event by the one of its time
end a
station a --callsign Q7GGG-1
c a tx on > /dev/null || fail "tx on"
c a note R-1 "by another name" > /dev/null
c a note R-2 "by another name" > /dev/null

id=$(c a log -n 1 --json | json id)
questions=("view" "view --form site" "view --form none" "view --csv" "view --hash" "view R-1" "view R-1 --form other" "view R-9" "why R-1.people" "why R-1.visitors" "why R-1" "history R-1"
	"history R-7" "history R-9" "conflicts" "forms" "feeds" "feeds -v" "feeds --forks" "plan"
	"plan road" "doc" "doc minutes" "doc minutes order" "doc minutes log" "doc minutes version"
	"resource" "resource history roster" "resource stats" "resource policy" "log" "log -n 5"
	"log -n 0" "log -n 99999" "log --id $id" "log --rejected")
ask_all() {
	for q in "${questions[@]}"; do
		# shellcheck disable=SC2086
		{ echo "== $q"; c a $q; echo "== $?"; c a $q --json; echo "== $?"; } 2>&1
	done
}
requests() { c a status --json | json requests; }
before=$(requests)
ask_all > "$D/asked"
[ "$(requests)" -gt $((before + 40)) ] || fail "nobody asked cairnd"
end a
ask_all > "$D/walked"
cmp -s "$D/asked" "$D/walked" || fail "two answers: $(diff "$D/asked" "$D/walked")"
[ "$(grep -c '^== [^a-z]' "$D/asked")" = "$(grep -c '^== [01]$' "$D/asked")" ] || fail "exit codes: $(grep '^==' "$D/asked")"
grep -q '"types":{"code":"text"' "$D/asked" || fail "no forms"
grep -q '"displaced":[1-9]' "$D/asked" || fail "no fork"

# the part is of the whole, in its order
c a log > "$D/log"
c a log -n 5 | cmp -s - <(tail -n 5 "$D/log") || fail "log -n"
c a log -n 99999 | cmp -s - "$D/log" || fail "log -n of more than there is"
c a log --id "$id" | cmp -s - <(tail -n 1 "$D/log") || fail "log --id"
c a history R-1 | cmp -s - <(grep '"record_id": "R-1"' "$D/log") || fail "history: $(c a history R-1)"
c a history R-1 --json | cmp -s - <(c a log --json | grep '"record_id":"R-1"') || fail "history --json"
c a doc minutes log | cmp -s - <(grep '"doc": "minutes"' "$D/log") || fail "doc log"
c a history R-1 > /dev/null || fail "history: exit $?"
[ "$(c a history R-1 | grep -c Q7GGG-1)" = 1 ] || fail "who: $(c a history R-1)"

# more than fits into a page, and it changes while it is read
station m --callsign Q4DDD-1
for (( i = 0; i < 1100; i++ )); do c m create "M-$i" tent > /dev/null || fail "create"; done
c m view --json > "$D/asked"
[ "$(wc -l < "$D/asked")" = 1100 ] || fail "records: $(wc -l < "$D/asked")"
hash=$(c m view --hash)
(while c m note M-1 more > /dev/null 2>&1; do :; done) & writer=$!
for (( i = 0; i < 5; i++ )); do
	[ "$(c m view --json | wc -l)" = 1100 ] || fail "a view while somebody writes"
done
kill $writer; wait $writer 2> /dev/null
end m
[ "$(c m view --json | wc -l)" = 1100 ] || fail "read: $(c m view --json | wc -l)"
cmp -s <(c m view --json | sed 2d) <(sed 2d "$D/asked") || fail "pages are not the whole"
[ "$(c m view --hash)" != "$hash" ] || fail "the hash does not change"
say "asked and read, the answers are the same"
