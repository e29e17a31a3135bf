#!/bin/bash
# SPDX-License-Identifier: MIT
# Stations tell how they are, and obey orders: from whom they may, once, and
# never against the operator beside them.
. "$(dirname "$0")/lib.sh"
says() { local text=$1; shift; "$@" 2>&1 | grep -q -- "$text" || fail "$*: no '$text': $("$@" 2>&1)"; }
carry() { c "$1" export "$D/$1.b" --bundle && c "$2" import "$D/$1.b" > /dev/null || fail "$1 to $2"; }
off() { c hill status --json | grep -q '"ordered_off":true'; }
on() { c hill status --json | grep -q '"ordered_off":false'; }

key base
mkdir -p "$D/hill"
echo 12345678 > "$D/volts"
printf 'callsign = Q9HIL-1\ntransmit = yes\ncontrol = q1bas-1, Q4KEY/%.8s\nvoltage = %s\n' \
	"$(c base key show --json | json author)" "$D/volts" > "$D/hill/cairn.conf"
station hill
station base --callsign Q1BAS-1
station other --callsign Q2OTH-1
says '"transmitting":true' c hill status --json

c hill report > /dev/null || fail report
carry hill base
says 'Q9HIL-1 .* 12\.3' c base stations
says '"volts":12.34' c base stations --json
says '"disk_free_permille":' c base stations --json
says 'no station told' c other stations

# obeyed from the base, not from the other
c other order Q9HIL-1 tx off > /dev/null
carry other hill
on || fail "obeyed a stranger"
says '"orders_foreign":1' c hill status --json
grep -q 'an order of Q2OTH-1 .* not named' "$D/hill.log" || fail "not said: $(cat "$D/hill.log")"
c base order Q9HIL-1 tx off > /dev/null
carry base hill
until_ok 5 off || fail "not obeyed"
says '"transmitting":false' c hill status --json
grep -q 'ordered by Q1BAS-1: transmitter off' "$D/hill.log" || fail "not said"
says 'Q9HIL-1 .* no .*Q1BAS-1' c base stations

# outlives a restart; the same again changes nothing
end hill
station hill
off || fail "the order is forgotten"
carry base hill
off || fail "a replay"
c base order Q9HIL-1 duty 2.5% > /dev/null
c base order Q9HIL-1 tx on > /dev/null
carry base hill
until_ok 5 on || fail "not switched on again"
says '"ordered_duty_percent":2.5' c hill status --json

# the operator beside it: off stays off, on ends an order
c hill tx off > /dev/null
c base order Q9HIL-1 tx on > /dev/null
carry base hill
says '"transmitting":false' c hill status --json
c base order Q9HIL-1 tx off > /dev/null
carry base hill
until_ok 5 off || fail "not off"
c hill tx on > /dev/null
says '"transmitting":true' c hill status --json

# two authors claim the call sign: neither is obeyed
station twin --callsign Q1BAS-1
c twin order Q9HIL-1 tx off > /dev/null
carry twin hill
on || fail "obeyed a twin"
c base order Q9HIL-1 tx off > /dev/null
carry base hill
on || fail "obeyed one of two who claim the call sign"
c base order nonsense tx off > /dev/null 2>&1; [ $? = 2 ] || fail "usage"
c base order Q9HIL-1 duty 200% > /dev/null 2>&1; [ $? = 2 ] || fail "usage duty"

# one call sign, two keys: both are shown, with their keys; and when the one was
# retired in favour of the other, and that says so too, they are one station
station old --callsign Q5TWO-1
c old set R-1 status open > /dev/null
c old count R-1 people +3 > /dev/null
station new --callsign Q5TWO-1
c new count R-1 people +4 > /dev/null
a_old=$(c old key show --json | json author) a_new=$(c new key show --json | json author)
carry old new
grep -q 'Q5TWO-1' "$D/new.log" || fail "two keys with one call sign are not said"
says "+3  by Q5TWO-1/${a_old:0:8} as of" c new why R-1.people
says "Q5TWO-1 .*call sign claimed by two" c new feeds
c old key retire xyz 2> /dev/null; [ $? = 2 ] || fail "retired to nobody"
c old key retire "$a_new" > /dev/null || fail "retire"
c old set R-1 status shut 2> "$D/out" && fail "a retired key writes"
grep -q 'key is retired' "$D/out" || fail "$(cat "$D/out")"
carry old new
says "by Q5TWO-1/${a_old:0:8}" c new why R-1.people
c new key succeed "$a_old" > /dev/null || fail "succeed"
c new key succeed "$a_new" 2> /dev/null && fail "two predecessors"
says "+3  by Q5TWO-1 (its former key ${a_old:0:8}) as of" c new why R-1.people
says "+4  by Q5TWO-1 as of" c new why R-1.people
says "shows  \"open\"  by Q5TWO-1 (its former key" c new why R-1.status
says "Q5TWO-1 .*retired" c new feeds
says "\"retired\":true,\"next\":\"$a_new\",\"call_shared\":false" c new feeds --json
carry new base
says "its former key ${a_old:0:8}" c base why R-1.people
say "stations tell how they are and obey whom they may"
