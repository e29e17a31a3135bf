#!/bin/bash
# SPDX-License-Identifier: MIT
# Resources between two stations that meet by stick: tokens, policies, merges,
# and an operator's own program.
. "$(dirname "$0")/lib.sh"
says() { local text=$1; shift; "$@" 2>&1 | grep -q -- "$text" || fail "$*: no '$text': $("$@" 2>&1)"; }
meet() {
	c a export "$D/a.b" --bundle && c b export "$D/b.b" --bundle || fail "export"
	c a import "$D/b.b" > /dev/null && c b import "$D/a.b" > /dev/null || fail "import"
	same a b || fail "views differ after meeting"
}
refused() { local code=$1; shift; "$@" > "$D/out" 2>&1; [ $? = "$code" ] || fail "$*: $(cat "$D/out")"; }
commit() { local who=$1 token=$2; shift 2; printf '%b' "$1" | c "$who" resource commit list "$token" - "${@:2}"; }

station a --callsign Q1AAA-1
station b --callsign Q2BBB-1
says '^0@' c a resource begin list
t=$(c a resource begin list)
says committed commit a "$t" 'tea\nmilk\n'
refused 1 commit a "$t" 'late\n'
grep -q escalated "$D/out" || fail "no policy: $(cat "$D/out")"
meet
ta=$(c a resource begin list "$D/list")
[ "$(cat "$D/list")" = "$(printf 'tea\nmilk')" ] || fail "begin FILE"
tb=$(c b resource begin list)
commit a "$ta" 'tea\nmilk\nbread\n' > /dev/null
commit b "$tb" 'milk\nsugar\n' > /dev/null
meet
says 'CONFLICT' c a resource status list
says 'list *3 *2  yes' c b resource
says '"open":1' c b resource stats --json
refused 1 c a resource merge list
c a resource policy '*' lww > /dev/null
c a resource policy 'li*' merge:text > /dev/null
meet
says '"conflict":false' c b resource status list --json
says '^bread' c b resource status list
says committed c b resource merge list
meet
says 'list *4 *1  no' c a resource
says 'over .*-' c a resource history list
says '"merges":1' c a resource stats --json
c a resource policy --json | head -n 1 | grep -q '"pattern":"li\*"' || fail "the most specific first"

# what is no text comes back as it was
printf 'a\xff\0b' > "$D/bytes"
c a resource commit bytes "$(c a resource begin bytes)" "$D/bytes" > /dev/null || fail "commit of bytes"
c a resource begin bytes "$D/again" > /dev/null
cmp "$D/bytes" "$D/again" || fail "begin of bytes"
says '4 bytes that are no text' c a resource status bytes
says '"content":{"bytes":"61ff0062"}' c a resource status bytes --json
refused 2 c a resource policy bytes lww --max-age soon

# late, with the content at hand: merged at once
t=$(c a resource begin list)
commit a "$t" 'milk\nbread\nsugar\nrice\n' > /dev/null
says merged commit a "$t" 'milk\nbread\nsugar\nsalt\n'
says '^salt' c a resource status list
says '^rice' c a resource status list

# the operator's own program, bounded
meet
mkdir "$D/b/merge"
printf '#!/bin/sh\ncat "$2" "$3" | sort | uniq\n' > "$D/b/merge/union"
printf '#!/bin/sh\nyes\n' > "$D/b/merge/endless"
printf '#!/bin/sh\nexit 3\n' > "$D/b/merge/broken"
chmod +x "$D/b/merge/"*
ta=$(c a resource begin list); tb=$(c b resource begin list)
commit a "$ta" '1\n2\n' > /dev/null
commit b "$tb" '2\n3\n' > /dev/null
c a resource policy list merge:endless > /dev/null; meet
refused 1 c b resource merge list
grep -q "more than an event" "$D/out" || fail "endless: $(cat "$D/out")"
c a resource policy list merge:broken > /dev/null; meet
refused 1 c b resource merge list
grep -q "could not merge" "$D/out" || fail "broken: $(cat "$D/out")"
c a resource policy list merge:union > /dev/null; meet
says committed c b resource merge list
meet
[ "$(c a resource begin list "$D/list" > /dev/null; cat "$D/list")" = "$(printf '1\n2\n3')" ] || fail "union: $(cat "$D/list")"
refused 2 c a resource policy '*' coin
refused 2 c a resource commit list nonsense "$D/list"

# a token has an age
c a resource policy list lww --max-age 3600 > /dev/null
t=$(c a resource begin list)
refused 1 commit a "${t%@*}@1700000000" 'old\n'
grep -q stale "$D/out" || fail "age: $(cat "$D/out")"
says committed commit a "$t" 'new\n'
say "resources are replaced by whoever has seen them"
