#!/bin/bash
# SPDX-License-Identifier: MIT
# cairn monitor: level where a TNC tells it, air time, and links that count
# modulo 128.
. "$(dirname "$0")/lib.sh"
tcp=$(free_port) rnode=$(free_port)
shows() { until_ok 10 grep -Eq -- "$1" "$D/monitor.log" || fail "'$1' is missing in: $(cat "$D/monitor.log")"; }
# frame HEX...: as a KISS data frame, for bytes without C0 and DB
frame() { printf '\300\000%b\300' "$(printf %s "$@" | sed 's/../\\x&/g')"; }
sabme=a26484848440e0a26282828240617f
info=a26484848440e0a26282828240610a12f06869

run air "$O/cairn-air" --stations 2 --loss 0 --seed 1 --speed 20 --dir "$D/air" --tcp "$tcp"
until_ok 45 test -S "$D/air/air.ctl" || fail "cairn-air does not start"
ports=(--port "vhf=kiss:$D/air/tnc0,bitrate=1200")
if command -v socat > /dev/null; then
	mkfifo "$D/fifo"
	exec 7<> "$D/fifo"
	run rnode socat -u "OPEN:$D/fifo" "TCP-LISTEN:$rnode,reuseaddr"
	ports+=(--port "lora=kiss:tcp:127.0.0.1:$rnode")
fi
station a "${ports[@]}"
run monitor "$O/cairn" -d "$D/a" monitor
until_ok 45 sh -c "'$O/cairn' -d '$D/a' status | grep -q 'vhf  up'" || fail "no port"
exec 8<> "/dev/tcp/127.0.0.1/$((tcp + 1))"
frame $info >&8
shows 'vhf +in +- +0\.149s not ours +Q1AAA > Q2BBB: I ns 5 nr 0 pid 12'
frame $sabme >&8
frame $info >&8
shows 'I ns 5 nr 9 mod128 pid f0, 2 bytes "hi"'
if [ "${pid[rnode]:-}" ]; then
	printf '\300\043\100\300' >&7
	frame $info >&7
	shows 'lora +in +-93 '
fi
say "level, air time, modulo 128"
