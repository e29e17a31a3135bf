#!/bin/bash
# SPDX-License-Identifier: MIT
# The thread through everything: two stations share one signed note, and both
# logs survive kill -9.
. "$(dirname "$0")/lib.sh"

port=$(free_port)
station a --callsign Q1AAA-1 --port "door=listen:127.0.0.1:$port"
station b --callsign Q2BBB-1 --port "link=tcp:127.0.0.1:$port"

c a create R-100 site_assessment > /dev/null || fail "create"
id=$(c a note R-100 "road to the site is blocked" -v) || fail "note"
[ ${#id} = 64 ] || fail "no event id: $id"

until_ok 45 has_record b R-100 || fail "the note does not arrive"
until_ok 45 same a b || fail "views differ"
c b log --json | grep -q "\"id\":\"$id\"" || fail "another event arrived"
before=$(hash_of a)

end a KILL
end b KILL
[ "$(hash_of a)" = "$before" ] || fail "a lost its log"
[ "$(hash_of b)" = "$before" ] || fail "b lost its log"

station a --callsign Q1AAA-1 --port "door=listen:127.0.0.1:$port"
station b --callsign Q2BBB-1 --port "link=tcp:127.0.0.1:$port"
[ "$(hash_of a)" = "$before" ] || fail "a changed by starting"
[ "$(hash_of b)" = "$before" ] || fail "b changed by starting"
say "one note at both, equal after kill -9: ${before:0:16}"
