#!/bin/bash
# SPDX-License-Identifier: MIT
# What the verbs show while two stations work: text, JSON, the followers, and a
# reader that does not keep up.
. "$(dirname "$0")/lib.sh"
port=$(free_port)
station a --callsign Q1AAA-1 --port "door=listen:127.0.0.1:$port"
run follow "$O/cairn" -d "$D/a" log -f --json
run monitor "$O/cairn" -d "$D/a" monitor
station b --callsign Q2BBB-1 --port "link=tcp:127.0.0.1:$port"

c a create R-1 form > /dev/null
c b create R-2 other > /dev/null
until_ok 45 same a b || fail "not the same"

says() { local text=$1; shift; "$@" 2>&1 | grep -q -- "$text" || fail "$*: no '$text': $("$@" 2>&1)"; }
says 'station   Q1AAA-1' c a status
says 'port door  up' c a status
says '"tx_frames":[1-9]' c a status --json
says 'Q2BBB-1  door ' c a neighbours
says '"relation":"' c a neighbours --json
says 'Q2BBB-1' c a feeds
says '"author":"[0-9a-f]\{32\}"' c a feeds --json
says 'R-2  other' c a view
says '^{' c a view R-1 --json
[ "$(c a view --form other --json | grep -c record_id)" = 1 ] || fail "--form"
says 'record.create' c a log
[ "$(c a log -n 2 | wc -l)" = 2 ] || fail "log -n"
id=$(c a log --json -n 1 | json id)
[ "$(c a log --json --id "${id:0:16}" | json id)" = "$id" ] || fail "log --id"
[ "$(c a log --id "$id")" = "$(c a log -n 1)" ] || fail "log --id names another author"
says '"kind_name":"record.create"' c a log --json
[ "$(c a view --hash --json)" = "{\"view_hash\":\"$(c a view --hash)\"}" ] || fail "--hash"
says '"public"' c a key show --json

# two who do not know of each other write over the same value
c a set R-1 status new > /dev/null
until_ok 45 same a b || fail "the value does not arrive"
end b
c a set R-1 status open > /dev/null
station b --callsign Q2BBB-1
c b set R-1 status closed > /dev/null
end b
says 'no conflict' c a conflicts
station b --callsign Q2BBB-1 --port "link=tcp:127.0.0.1:$port"
both() { c $1 conflicts | grep '"open"  by Q1AAA-1' && c $1 conflicts | grep '"closed"  by Q2BBB-1'; }
until_ok 45 both a || fail "a knows of no conflict"
until_ok 45 both b || fail "b knows of no conflict"
same a b || fail "not the same"
says 'beside ' c a why R-1.status
says '"conflict":true' c a why R-1 status --json
c a set R-1 status settled > /dev/null
says 'no conflict' c a conflicts
says 'other *1' c a forms

c a note R-1 "boat adrift" --urgent > /dev/null || fail "an urgent note"
says '"text":"boat adrift","urgent":true}' c a log --json -n 1
c a set R-1 status lost --urgent > /dev/null || fail "an urgent set"
says '"base":{"bytes":"[0-9a-f]*"},"urgent":true}' c a log --json -n 1
says '"lost"' c a why R-1.status

says 'muted: Q2BBB-1/2' c a mute Q2BBB-1/2
says '{"unmuted":"Q2BBB-1/2"}' c a mute Q2BBB-1/2 --off --json
says '{"tx":"off"}' c a tx off --json
says '{"tx":"on"}' c a tx on --json
says 'it is not muted' c a mute Q2BBB-1/2 --off
says 'no author' c a mute Q9ZZZ

usage() { "$@" > /dev/null 2>&1; [ $? = 2 ] || fail "$*: no usage error"; }
usage c a create "" form
usage c a set R-1 "" x
usage c a note R-1 ""
usage c a log -n x
usage c a log --id 12
says 'more than 4096 bytes' c a note R-1 "$(printf '%05000d' 0)"
usage c a log -n -1
says 'which verb: status, stations' c a s

# counters as OpenMetrics, in a file that is replaced as a whole; ports without a daemon
c a metrics > "$D/metrics" || fail "metrics"
tail -n 1 "$D/metrics" | grep -qx '# EOF' || fail "metrics have no end"
grep -vE '^(# (TYPE|HELP) cairn_|cairn_[a-z0-9_]+({[^}]*})? -?[0-9.e+-]+$|# EOF$)' "$D/metrics" && fail "no OpenMetrics"
grep -q '^cairn_neighbour_events{port="door",callsign="Q2BBB-1"} [1-9]' "$D/metrics" || fail "no neighbour in the metrics"
c a metrics --file "$D/cairn.prom" && grep -q '^cairn_port_up{port="door"} 1' "$D/cairn.prom" || fail "metrics --file"
ls "$D"/cairn.prom.* > /dev/null 2>&1 && fail "metrics leave a file behind"
c a heard | grep -q '^door busy .* % of a minute' || fail "no occupancy"
"$O/cairn" ports --json | grep -qv '^{.*}$' && fail "ports"

station lone --callsign Q3CCC-1
c lone note R-1 hello > /dev/null
says '; 2 of its own to be sealed' c lone status
says 'no port yet' c lone tx test
end lone
! grep -q '^<' "$D/a.log" || fail "journal prefixes in a file: $(cat "$D/a.log")"

until_ok 45 grep -q '"record_id":"R-2"' "$D/follow.log" || fail "log -f does not follow"
until_ok 45 grep -q 'door .* ok .*cairn' "$D/monitor.log" || fail "monitor: $(cat "$D/monitor.log")"

# a monitor that does not read is dropped, and the others go on
run slow "$O/cairn" -d "$D/a" monitor --json
sleep 0.3
kill -STOP "${pid[slow]}"
exec 8<> "/dev/tcp/127.0.0.1/$port"
burst=$(printf '~%0400d~' $(seq 250))
for _ in $(seq 40); do printf '%s' "$burst" >&8; done
exec 8>&-
dropped() { c a status --json | grep -q '"slow_dropped":[1-9]'; }
until_ok 45 dropped || fail "the slow reader was not dropped: $(c a status --json)"
kill -CONT "${pid[slow]}"
c b note R-1 "still there" > /dev/null
until_ok 45 same a b || fail "no work after the flood"
end a INT
[ "$status" = 0 ] || fail "SIGINT: exit $status"
say "the verbs show what is there"
