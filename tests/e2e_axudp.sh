#!/bin/bash
# SPDX-License-Identifier: MIT
# AXUDP: two stations hear each other, and nobody else; an interface that is
# not there is a port that is down.
. "$(dirname "$0")/lib.sh"
a=$(free_port) b=$(free_port)
station a --callsign Q1AAA-1 --port "net=axudp:127.0.0.1:$b@$a"
station b --callsign Q2BBB-1 --port "net=axudp:127.0.0.1:$a@$b" --port "none=ax25:nosuch0"
hears() { c "$1" heard | grep -q "^$2 "; }
c a tx test net > /dev/null || fail "tx test"
until_ok 10 hears b Q1AAA-1 || fail "b does not hear a"
c b tx test net > /dev/null || fail "tx test"
until_ok 10 hears a Q2BBB-1 || fail "a does not hear b"
c b status | grep -q 'none  down.*no interface nosuch0' || fail "a port without its interface"

# from a's own port, so that b takes it for a's
end a
exec 7<> "/dev/udp/127.0.0.1/$b"
printf 'not from there' >&7
exec 7>&-
station a --callsign Q1AAA-1 --port "net=axudp:127.0.0.1:$b@$a"
[ "$(c b status --json | sed 's/.*"name":"net","device"//' | json rx_errors)" = 0 ] || fail "a stranger is heard"
c a tx test net > /dev/null || fail "tx test again"
until_ok 10 sh -c "[ \$('$O/cairn' -d '$D/b' heard --json | grep -o 'frames\":[0-9]*' | head -1 | cut -d: -f2) = 2 ]" ||
	fail "b does not hear a again"
say "heard both ways, strangers are not"
