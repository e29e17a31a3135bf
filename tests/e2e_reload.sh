#!/bin/bash
# SPDX-License-Identifier: MIT
# The configuration read again: what did not change goes on without a gap, the
# rest is changed, a file with a mistake changes nothing, systemd is told.
. "$(dirname "$0")/lib.sh"
run air "$O/cairn-air" --stations 4 --topology clique --loss 0 --seed 1 --speed 20 --dir "$D/air"
until_ok 45 test -S "$D/air/air.ctl" || fail "cairn-air does not start"

# conf TRANSMIT DUTY BITRATE [SECTION...]: station a's file
conf() {
	{
		printf 'callsign = Q1AAA-1\ntransmit = %s\n' "$1"
		printf '[port vhf]\ndevice = kiss:%s\nduty = %s\nbitrate = %s\n' "$D/air/tnc0" "$2" "$3"
		shift 3
		printf '%b' "$@"
	} > "$D/conf"
}
# of PORT KEY: what a's status says of it
of() {
	c a status --json | grep -o "\"name\":\"$1\",\"device\".*" |
		grep -o "\"$2\":[^,}]*" | head -n 1 | cut -d: -f2
}
hup() { kill -HUP "${pid[a]}"; }
says() { until_ok 5 grep -q "$1" "$D/a.log" || fail "does not say: $1"; }

if command -v socat > /dev/null; then
	export NOTIFY_SOCKET=$D/notify
	run notify socat -u "UNIX-RECV:$D/notify" "OPEN:$D/notified,creat,append"
	until_ok 5 test -S "$D/notify" || fail "socat"
fi
conf yes 10% 1200 "[port lan]\ndevice = kiss:$D/air/tnc3\n"
station a --config "$D/conf" --time-scale 20
unset NOTIFY_SOCKET
station b --callsign Q2BBB-1 --transmit --time-scale 20 --port "vhf=kiss:$D/air/tnc1,duty=50%"
port_up() { [ "$(of "$1" up)" = true ]; }
until_ok 30 port_up vhf || fail "vhf is not up"
c b note R-1 first > /dev/null || fail "b cannot write"
until_ok 60 has_record a R-1 || fail "b is not heard"
frames=$(of vhf rx_frames)

# one port set in place, one gone, one new; while b goes on
c b note R-2 second > /dev/null
conf yes 20% 1200 "[port uhf]\ndevice = kiss:$D/air/tnc2\n"
hup
says 'read again: port lan removed, port vhf changed, port uhf added'
[ "$(of vhf duty_percent)" = 20.0 ] || fail "duty: $(of vhf duty_percent)"
[ "$(of vhf ups)" = 1 ] && [ "$(of vhf rx_frames)" -ge "$frames" ] || fail "vhf had a gap"
until_ok 10 port_up uhf || fail "uhf is not up"
[ -z "$(of lan up)" ] || fail "lan is still there"
until_ok 60 has_record a R-2 || fail "what b sent meanwhile is lost"

# a mistake: its line, and everything as it was
conf yes 30% 1200 'dutty = 1\n'
hup
says "not read again: $D/conf:7: unknown key 'dutty'"
[ "$(of vhf duty_percent)" = 20.0 ] && port_up uhf || fail "a bad file was taken"
got=$(c a config reload 2>&1)
[ $? = 2 ] && [[ $got == *"conf:7: unknown key"* ]] || fail "config reload: $got"
mv "$D/conf" "$D/away"
hup
says "not read again: $D/conf: No such file"
until_ok 5 port_up uhf || fail "ports went with the file"

# what the protocol reckons with: neighbours stay, and the link stays open
conf yes 20% 9600 "[port uhf]\ndevice = kiss:$D/air/tnc2\nbitrate = 9600\n"
c a config reload > /dev/null || fail "config reload"
[ "$(of vhf ups)" = 1 ] || fail "vhf had a gap"
c a neighbours | grep -q Q2BBB-1 || fail "the neighbour was forgotten"

# the transmitter; what takes a start; a link that becomes another one
sed -i 's/transmit = yes/transmit = no/' "$D/conf"
c a config reload > /dev/null || fail "config reload"
c a status --json | grep -q '"transmitting":false' || fail "transmit = no is not obeyed"
sed -i 's/9600/1200/; s/transmit = no/transmit = yes/; s/Q1AAA-1/Q1AAA-2/' "$D/conf"
sed -i "s|^device = kiss:$D/air/tnc2|device = kiss:$D/air/tnc3|" "$D/conf"
c a config reload > /dev/null || fail "config reload"
says 'transmit yes, port vhf changed, port uhf changed, callsign changed (at the next start)'
until_ok 10 port_up uhf || fail "uhf does not come up on its other TNC"
c a status | grep -q Q1AAA-1 || fail "the call sign changed"
c a note R-3 third > /dev/null || fail "a cannot write"
until_ok 60 has_record b R-3 || fail "a is not heard"
c a config reload > /dev/null
says 'read again: callsign changed (at the next start)$'
if [ "${pid[notify]:-}" ]; then
	tr -d '\n' < "$D/notified" | grep -q 'READY=1RELOADING=1MONOTONIC_USEC=[0-9]*READY=1RELOADING' ||
		fail "systemd was told: $(cat "$D/notified")"
fi
end a; [ "$status" = 0 ] || fail "a: exit $status"
say "set in place, closed and opened; mistakes refused with their line"
