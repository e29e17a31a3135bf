#!/bin/bash
# SPDX-License-Identifier: MIT
# The transmitter: silent until told, off at once, off after a restart whatever
# the flags say; the test frame bears the call sign.
. "$(dirname "$0")/lib.sh"
tcp=$(free_port)
run air "$O/cairn-air" --stations 2 --loss 0 --seed 1 --speed 20 --dir "$D/air" --tcp "$tcp"
until_ok 45 test -S "$D/air/air.ctl" || fail "cairn-air does not start"
flags=(--callsign Q1AAA-1 --time-scale 20 --port "radio=kiss:$D/air/tnc0,duty=100%")
sent() { c a status --json | sed 's/.*"ports":\[{"name":"radio","device"//' | json tx_frames; }
sends() { [ "$(sent)" -gt "$1" ]; }

station a "${flags[@]}"
station b --callsign Q2BBB-1 --time-scale 20 --port "radio=kiss:$D/air/tnc1"
until_ok 45 sh -c "'$O/cairn' -d '$D/a' status | grep -q 'radio  up'" || fail "no port"
c a note R-1 x > /dev/null
sleep 2
[ "$(sent)" = 0 ] || fail "it sends before it may"

# flags hold for their run only: the switch is the operator's
end a
station a "${flags[@]}" --transmit
c a status --json | grep -q '"transmitting":true' || fail "--transmit is not obeyed after a run without"
end a
station a "${flags[@]}"
c a status --json | grep -q '"transmitting":false' || fail "a run with --transmit outlives itself"
until_ok 45 sh -c "'$O/cairn' -d '$D/a' status | grep -q 'radio  up'" || fail "no port"

c a tx test > /dev/null || fail "tx test"
heard() { c b heard | grep -q '^Q1AAA-1'; }
until_ok 45 heard || fail "the test frame was not heard"

c a tx on > /dev/null || fail "tx on"
until_ok 45 sends 2 || fail "it does not send"
c a tx off > /dev/null || fail "tx off"
n=$(sent)
c a note R-1 y > /dev/null
sleep 2
[ "$(sent)" = "$n" ] || fail "it sends after tx off"

end a
station a "${flags[@]}" --transmit
sleep 2
[ "$(sent)" = 0 ] || fail "--transmit beats tx off"
c a status | grep -q 'transmit  off' || fail "status does not say so"

# an hour's share at once, and then silence
end a
station a --callsign Q1AAA-1 --time-scale 20 --port "radio=kiss:$D/air/tnc0,duty=0.1%"
c a tx on > /dev/null
until_ok 45 sh -c "'$O/cairn' -d '$D/a' status | grep -q 'radio  up'" || fail "no port"
spent() { c a tx test > /dev/null; c a status | grep -q 'silent: airtime budget used up'; }
until_ok 20 spent || fail "a thousandth of an hour is no limit: $(c a status)"
c a status | grep -q 'at most 0.1 % of the time, again in [0-9]* \(s\|min\);' || fail "$(c a status)"
say "silent until told, off at once and for good"
