#!/bin/bash
# SPDX-License-Identifier: MIT
# cairn capture: from files, cairnd's ports, a TNC and the flight recorder;
# what it writes is read back by cairn decode and, where there is one, tshark.
. "$(dirname "$0")/lib.sh"
cairn=$O/cairn
stream=tests/golden/decode/stream.kiss
have() { command -v "$1" > /dev/null; }
lines() { [ "$(wc -l < "$1")" -ge "$2" ]; }
is() { [ "$1" = "$2" ] || fail "$3: '$1', not '$2'"; }

# a KISS stream: all of it as pcapng, errors with their reason
"$cairn" capture -r $stream -w "$D/file.pcapng" || fail "from a file"
"$cairn" decode "$D/file.pcapng" > "$D/back"
"$cairn" decode $stream | grep -v '^error: hdlc' > "$D/want"
is "$(wc -l < "$D/back")" "$(wc -l < "$D/want")" "frames of a KISS stream"
is "$("$cairn" capture -r $stream -w - | "$cairn" capture -r - -w - | md5sum)" \
	"$("$cairn" capture -r "$D/file.pcapng" -w - | md5sum)" "written twice"

# letters and expressions
c() { "$cairn" capture -r tests/golden/decode/capture.pcapng "$@" 2> /dev/null; }
is "$(c -c1 | wc -l)" 1 "-c1"
is "$(c -tec 1 | wc -l)" 1 "-tec 1"
is "$(c -t -c 1 | cut -d' ' -f1-3)" "0 in N0CALL-1" "-t"
is "$(c -xc1 | grep -c '^	0x')" "$(c -x -c 1 | grep -c '^	0x')" "-xc1"
is "$(c -t 'link[15] = 3 and link[16] = 0xbc' | head -1 | grep -c 'cairn offer')" 1 "an expression"
is "$(c --json -c 1 | grep -c '"port":"0"')" 1 "--json"
bad() { "$cairn" capture "$@" > /dev/null 2> "$D/err"; is $? "$code" "exit of $*"; }
code=2 bad -r $stream link frame
code=2 bad -c 0
code=2 bad --since 10
code=2 bad -i vhf -r $stream
code=1 bad -r /nonexistent
code=3 bad -i vhf
unset -f c

# live: two stations of which one may speak, and a TNC that only listens
tcp=$(free_port)
run air "$O/cairn-air" --stations 3 --loss 0 --seed 1 --speed 20 --dir "$D/air" --tcp "$tcp"
until_ok 45 test -S "$D/air/air.ctl" || fail "cairn-air does not start"
c() { local n=$1; shift; "$cairn" -d "$D/$n" "$@"; }
flags=(--time-scale 20 --port)
station a --callsign Q1AAA-1 "${flags[@]}" "vhf=kiss:$D/air/tnc0"
station b --callsign Q2BBB-1 "${flags[@]}" "uhf=kiss:$D/air/tnc1"
for s in a b; do until_ok 45 sh -c "'$cairn' -d '$D/$s' status | grep -q '  up'" || fail "no port"; done
code=1 bad -d "$D/a" -i shf
run all "$cairn" capture -d "$D/a" -c 2 -w "$D/a.pcapng"
run one "$cairn" capture -d "$D/b" -i uhf -l
run tnc "$cairn" capture -i "kiss:tcp:127.0.0.1:$((tcp + 2))" -l
until_ok 10 grep -q listening "$D/tnc.log" || fail "the TNC is not listened to"
sleep 0.5
c a tx test > /dev/null || fail "tx test"
until_ok 45 grep -q 'uhf in not ours: Q1AAA-1 > ' "$D/one.log" || fail "a port of cairnd shows nothing"
until_ok 45 grep -q 'kiss0 in Q1AAA-1 > ' "$D/tnc.log" || fail "the TNC shows nothing"
c a tx test > /dev/null
until_ok 45 sh -c "! kill -0 ${pid[all]} 2> /dev/null" || fail "-c 2 does not end"
is "$("$cairn" decode "$D/a.pcapng" | grep -c ' out Q1AAA-1 > ')" 2 "own frames in pcapng"
sent=$(c b status --json | sed 's/.*"ports":\[{"name":"uhf","device"//' | json tx_frames)
is "$sent" 0 "frames sent by who only listens"

# back in time
both() { [ "$(grep -c 'Q1AAA-1 > ' "$D/one.log")" = 2 ]; }
until_ok 45 both || fail "b did not hear both"
end b
is "$("$cairn" capture -d "$D/b" --since -10min | grep -c ' uhf in not ours: Q1AAA-1 > ')" 2 "frames recorded"
is "$("$cairn" capture -d "$D/b" --since 1d -c 1 --json | grep -c '"verdict":"not ours"')" 1 "--json of the recorder"

have tshark || { say "files, live, back in time; no tshark"; exit 0; }
t() { tshark -n -r "$1" -T fields "${@:2}" 2> /dev/null; }
is "$(t "$D/a.pcapng" -e frame.comment -e frame.interface_name -e frame.encap_type | sort -u)" \
	"$(printf 'sent\tvhf\t%s' "$(t "$D/a.pcapng" -e frame.encap_type | head -1)")" "comments and names"
is "$(t "$D/a.pcapng" -e frame.protocols | head -1 | cut -d: -f1,2)" "ax25_kiss:ax25" "the link type"
is "$("$cairn" capture -r $stream -w - | tshark -n -r - 2> /dev/null | wc -l)" "$(wc -l < "$D/want")" "a pipe into tshark"
is "$(t "$D/file.pcapng" -e frame.comment | grep -c bad-escape)" 1 "the reason of an error"
# the dissector, on a message of each type and a bare packet
wireshark() { t "$1" -X lua_script:tools/cairn.lua "${@:2}"; }
"$cairn" capture -r tests/golden/decode/capture.pcapng -w "$D/c.pcapng" 2> /dev/null
grep -v '^#' tests/golden/decode/generation.hex | "$cairn" capture -r - -c 6 -w "$D/gen.pcapng"
is "$(wireshark "$D/gen.pcapng" -e cairn.generation -e cairn.index | head -1)" "$(printf '9\t1')" "a generation's piece"
is "$(wireshark "$D/c.pcapng" -Y cairn.type==3 -e cairn.target -e cairn.events)" "$(printf '0xbeef,0xcafe\t5')" "an offer"
is "$(wireshark "$D/c.pcapng" -Y rns -e rns.packet_type | sort | uniq -c | tr -s ' ')" " 2 1" "announces"
is "$(wireshark "$D/c.pcapng" -Y ax25_nol3 -e frame.number | wc -l)" 2 "other frames with PID F0"
extcap() { CAIRN=$cairn tools/extcap-cairn "$@"; }
extcap --extcap-interfaces | grep -q 'interface {value=cairn}' || fail "extcap"
grep -v '^#' tests/golden/decode/aprs.hex | "$cairn" capture -r - -w "$D/aprs.pcapng"
shopt -s nullglob
gen=../shared/tools/gen_kiss.py
if have python3; then
	[ ! -e $gen ] || python3 $gen 1000 "$D/gen.kiss" "$D/gen.pcap" --noise --port-max 3 > /dev/null
	tests/peers/tshark.sh "$D/aprs.pcapng" "$D"/gen.[kp]* ../shared/captures/*.{pcap,kiss} > "$D/tshark.log" ||
		{ cat "$D/tshark.log"; fail "tshark differs"; }
fi
say "files, live, back in time, and tshark reads it"
