#!/bin/bash
# SPDX-License-Identifier: MIT
# A radio of an AGWPE server, played by socat: asked for, heard, sent to; a
# radio that is not there; a server that is none; one that comes back.
. "$(dirname "$0")/lib.sh"
command -v socat > /dev/null || { echo "no socat"; exit 77; }
tcp=$(free_port)
port_is() { c a status | grep -q "$1"; }
# say_agw KIND HEX: of radio 1
say_agw() {
	printf '\001\0\0\0%b\0\0\0%b%b\0\0\0\0\0\0\0%b' "$1" "$(printf '\\0%.0s' $(seq 20))" "\\x$(printf %02x $((${#2} / 2)))" "$(printf %s "$2" | sed 's/../\\x&/g')" >&7
}
hex() { printf %s "$1" | od -An -tx1 | tr -d ' \n'; }
serve() { run server socat "TCP-LISTEN:$tcp,reuseaddr" "OPEN:$D/fifo!!CREATE:$D/said"; }

mkfifo "$D/fifo"
exec 7<> "$D/fifo"
serve
station a --callsign Q1AAA-1 --port "two=agw:127.0.0.1:$tcp:1"
until_ok 10 sh -c "[ -e '$D/said' ] && [ \$(wc -c < '$D/said') = 72 ]" || fail "it does not ask"
port_is 'two  up' && fail "up before it is known that there is such a radio"
say_agw G "$(hex '1;Port1 only;')"
until_ok 5 port_is 'two  down.*it has no radio 1, but 1' || fail "a radio that is not there"
say_agw G "$(hex '2;Port1 a modem;Port2 another;')"
until_ok 5 port_is 'two  up' || fail "not up"
say_agw K 10a26084848440e0a264848484406103f06869
until_ok 5 sh -c "'$O/cairn' -d '$D/a' heard | grep -q '^Q2BBB '" || fail "nothing is heard"
c a tx test > /dev/null || fail "tx test"
until_ok 5 grep -aq 'cairn test Q1AAA-1' "$D/said" || fail "nothing is sent"
[ "$(tail -c +73 "$D/said" | head -c 37 | od -An -tx1 | tr -d ' \n' | cut -c1-16,73-74)" = 010000004b00000010 ] ||
	fail "not as AGWPE has it: $(od -An -tx1 "$D/said")"
end server
until_ok 5 port_is 'two  down' || fail "gone but up"
rm "$D/said"; serve
until_ok 10 sh -c "[ -e '$D/said' ] && [ \$(wc -c < '$D/said') = 72 ]" || fail "it does not come back"
head -c 100 /dev/zero | tr '\0' '\377' >&7
until_ok 5 port_is 'two  down.*this is no AGWPE' || fail "any bytes are AGWPE"
say "asked, heard, sent, gone and back"
