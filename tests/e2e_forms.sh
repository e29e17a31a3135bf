#!/bin/bash
# SPDX-License-Identifier: MIT
# Seeing and asking: typed forms, CSV, watching, history, what is left out and
# why, and who published two branches.
. "$(dirname "$0")/lib.sh"
says() { local text=$1; shift; "$@" 2>&1 | grep -q -- "$text" || fail "$*: no '$text': $("$@" 2>&1)"; }
refused() { "$@" > "$D/out" 2>&1; [ $? = 2 ] || fail "$*: $(cat "$D/out")"; }

station a --callsign Q1AAA-1
c a forms site code:text people:number open:yesno at:position > /dev/null || fail "forms"
c a create R-1 site > /dev/null
run watch "$O/cairn" -d "$D/a" view --watch --form site --json
c a set R-1 code 7 > /dev/null
c a set R-1 people 12 > /dev/null
c a set R-1 open yes > /dev/null
c a set R-1 at 46.5,7.25,512 > /dev/null
c a set R-1 remark 'wet, "cold"' > /dev/null
c a set R-2 code 7 > /dev/null
says '"code":"7"' c a view R-1 --json
says '"people":12,' c a view R-1 --json
says '"open":true' c a view R-1 --json
says '{"position":\[46.5,7.25,512\]}' c a view R-1 --json
says '"code":7}' c a view R-2 --json
refused c a set R-1 people many
grep -q 'wants a value of type number' "$D/out" || fail "$(cat "$D/out")"
refused c a set R-1 at north
refused c a set R-1 code 7 --json
refused c a forms site code:integer
says 'site  1  .*code:text' c a forms
says '"types":{.*"people":"number"' c a forms --json
until_ok 5 grep -q '"remark":"wet' "$D/watch.log" || fail "watch: $(cat "$D/watch.log")"
! grep -q 'R-2' "$D/watch.log" || fail "watch shows another form"
end watch

[ "$(c a view --form site --csv | tr -d '\r')" = "$(printf '%s\n' \
	'record_id,form,"at","code","open","people","remark"' \
	'"R-1","site","46.5,7.25,512","7",true,12,"wet, ""cold"""')" ] ||
	fail "csv: $(c a view --form site --csv)"
[ "$(c a history R-1 | wc -l)" = 6 ] || fail "history: $(c a history R-1)"
[ "$(c a history R-2 --json | grep -c '"kind_name":"field.set"')" = 1 ] || fail "history --json"
c a history R-9 > /dev/null && fail "history of nothing"

c a import tests/golden/meshlog.jsonl > /dev/null || fail "import"
says 'field-1 *6 *field.set *missing_field' c a log --rejected
says '"reason":"missing_field"' c a log --rejected --json
says 'import' c a history R-7

# contents of files
head -c 10000 /dev/urandom > "$D/map.png"
c a attach R-1 map "$D/map.png" > /dev/null || fail "attach"
says '"size":10000,"mime":"image/png"' c a view R-1 --json
c a fetch R-1 map "$D/again" && cmp -s "$D/map.png" "$D/again" || fail "fetch"
hash=$(c a view R-1 --json | json blob_hash)
c a fetch "$hash" - | cmp -s - "$D/map.png" || fail "fetch HASH"
c a fetch R-1 photo "$D/again" 2> /dev/null && fail "fetch nothing"
says "no attachment there" c a fetch "$(tr 0-9a-f 1-9a-f0 <<< "$hash")" "$D/again"
printf x | dd of="$D/a/blobs/$hash" bs=1 seek=5000 conv=notrunc 2> /dev/null
says 'damaged' c a fetch "$hash" "$D/again"
c a attach R-1 map "$D/nothing" 2> /dev/null && fail "attach nothing"

# one key in two places
mkdir "$D/twin" && cp "$D/a/key" "$D/twin/key"
station twin --callsign Q1AAA-1
sleep 1.1 # in another second than a's first event, which would be the same
c twin note R-1 "another branch" > /dev/null
c a export "$D/a.b" --bundle && c twin export "$D/twin.b" --bundle || fail "export"
key see
c see import "$D/a.b" > /dev/null
says 'no fork' c see feeds --forks
c see import "$D/twin.b" > /dev/null
says '"other_seq":2' c see feeds --forks --json
says 'Q1AAA-1' c see feeds --forks
key back
c back import "$D/twin.b" > /dev/null
c back import "$D/a.b" > /dev/null
says '"displaced":2' c back feeds --forks --json
same see back || fail "forks: views differ"
say "what is held can be seen and asked for"
