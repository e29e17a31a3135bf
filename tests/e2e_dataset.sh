#!/bin/bash
# SPDX-License-Identifier: MIT
# Two stations write every kind while they are cut off, meet, and show the same.
. "$(dirname "$0")/lib.sh"
port=$(free_port)
a_up() { station a --callsign Q1AAA-1 --port "door=listen:127.0.0.1:$port"; }
b_up() { station b --callsign Q2BBB-1 --port "link=tcp:127.0.0.1:$port"; }
says() { local text=$1; shift; "$@" 2>&1 | grep -q -- "$text" || fail "$*: no '$text': $("$@" 2>&1)"; }
refused() { local code=$1 text=$2; shift 2; says "$text" "$@"; "$@" > /dev/null 2>&1; [ $? = "$code" ] || fail "$*: not exit $code"; }

a_up
says 'no plan yet' c a plan
says 'no document yet' c a doc
c a count R-100 visitors +3 > /dev/null
c a plan boats=2 road=open > /dev/null
c a doc minutes insert "09:00 arrived" > /dev/null
c a doc minutes insert "12:00 left" > /dev/null
b_up
until_ok 45 same a b || fail "not the same"
end b
c a count R-100 visitors +2 > /dev/null
c a set R-100 state open > /dev/null
c a plan boats=5 road=muddy > /dev/null
c a doc minutes update 1 "09:02 arrived" > /dev/null
echo "guard: Kim" | c a resource commit roster "$(c a resource begin roster)" - > /dev/null || fail "commit"
c a doc minutes insert "10:00 water measured" --after 1 > /dev/null
c a doc minutes insert "10:30 pump started" litres=40 --after 2 > /dev/null
sleep 1.1	# what b writes is later by the second, whatever the counters
station b --callsign Q2BBB-1
c b count R-100 visitors 10 > /dev/null
c b count R-100 visitors -1 > /dev/null
c b set R-100 state closed > /dev/null
c b plan boats=4 road=closed > /dev/null
c b doc minutes insert "11:00 road cut" --before 2 --type warning > /dev/null
c b doc minutes update 1 "09:05 arrived" > /dev/null
c b doc minutes delete 3 > /dev/null
echo "guard: Lee" | c b resource commit roster "$(c b resource begin roster)" - > /dev/null || fail "commit"
end b
b_up
until_ok 45 same a b || fail "not the same after the cut"
for n in a b; do
	says 'visitors counts 14' c $n view R-100
	says '"counters":{"visitors":14}' c $n view R-100 --json
	says '+5  by Q1AAA-1 as of .*the steps add up' c $n why R-100.visitors
	says '-1  by Q2BBB-1' c $n why R-100.visitors
	says '^boats = 5$' c $n plan
	says '^road = "closed"$' c $n plan
	says '^  shows  5  by Q1AAA-1' c $n plan boats
	says '^  beside 4  by Q2BBB-1' c $n plan boats
	[ "$(c $n doc minutes | sed 's/^ *//')" = '1  09:05 arrived
2  10:00 water measured
3  10:30 pump started litres=40
4  [warning] 11:00 road cut' ] || fail "$n: $(c $n doc minutes)"
	says 'Q2BBB-1 #' c $n doc minutes version
	says 'minutes *4 *1 *0' c $n doc
	says '"callsign":"Q2BBB-1",.*"added":10,"steps":"the steps add up"' c $n why R-100.visitors --json
	c $n conflicts > "$D/conflicts"
	[ "$(grep -c '^plan road$\|^doc minutes @.* text$\|^resource roster$' "$D/conflicts")" = 3 ] ||
		fail "$n: $(cat "$D/conflicts")"
	grep -q '^R-100.state$' "$D/conflicts" || fail "$n: two first writes"
	[ "$(grep -c '^  shows  "closed"\|^  beside "open"\|^  beside "muddy"\|^  shows  "09:05\|^  beside "09:02\|guard: Kim\|guard: Lee' "$D/conflicts")" = 8 ] ||
		fail "$n: $(cat "$D/conflicts")"
	! grep -q boats "$D/conflicts" || fail "of numbers the greatest stands"
	says '^{"plan":"road","heads":\[' c $n conflicts --json
done
gone=$(c a doc minutes log --json | sed -n 's/.*doc.delete.*"element":{"bytes":"\([0-9a-f]*\)".*/\1/p')
c a doc minutes restore "@$gone" > /dev/null
says '5  12:00 left' c a doc minutes
c a plan boats=1 --set > /dev/null
says '^boats = 1$' c a plan
says 'boats stays 1; --set' c a plan boats=0
until_ok 45 same a b || fail "not the same at the end"
[ "$(c b doc minutes order | wc -l)" = 5 ] || fail "order"
[ "$(c b doc minutes log | wc -l)" = 9 ] || fail "log"

refused 1 'the counter is full' c a count R-100 visitors 18446744073709551615
refused 1 'no such element' c a doc minutes delete 9
refused 1 'is not deleted' c a doc minutes restore 1
refused 1 'is deleted' c a doc minutes update "@$gone" again
refused 1 'is deleted' c a doc minutes delete "@$gone"
refused 2 'KEY=VALUE is wanted' c a plan boats=1 nothing
refused 2 'is not known' c a doc minutes shout
refused 1 'nobody wrote' c a plan nothing
says 'visitors counts 14' c a view R-100
for n in a b; do same_read $n || fail "$n: the log says something else than cairnd"; done
say "every kind written apart, the same together"
