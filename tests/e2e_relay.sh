#!/bin/bash
# SPDX-License-Identifier: MIT
# A hub with a radio and a link over IP: what is heard by radio goes on over IP;
# what came over IP goes out by radio only with rf_relay, also after a restart.
. "$(dirname "$0")/lib.sh"
coproc air { exec "$O/cairn-air" --stations 2 --bitrate 19200 --loss 0 --seed 3 \
	--dir "$D/air" 2> "$D/air.log"; }
pid[air]=$air_PID
read -r -t 5 ready <&"${air[0]}" || fail "cairn-air does not start"
port=$(free_port)
hub() { station hub --callsign Q1AAA-1 --transmit \
	--port "radio=kiss:$D/air/tnc0,bitrate=19200,duty=100%$1" --port "link=listen:127.0.0.1:$port"; }
run_far() { station far --callsign Q3CCC-1 --port "link=tcp:127.0.0.1:$port"; }

"$O/cairnd" -n -d "$D/x" --port "link=tcp:127.0.0.1:1,rf_relay=yes" > "$D/out" 2>&1 && fail "rf_relay on an IP port"
grep -q "rf_relay is for a radio's port" "$D/out" || fail "$(cat "$D/out")"

hub ''
station hill --callsign Q2BBB-1 --transmit \
	--port "radio=kiss:$D/air/tnc1,bitrate=19200,duty=100%"
run_far
c far note R-far "from the net" > /dev/null
c hill note R-hill "from the hill" > /dev/null
c hub note R-hub "from the hub" > /dev/null
c hill sync	# or they would wait for seconds
until_ok 30 has_record hub R-far || fail "nothing over IP"
until_ok 30 has_record far R-hill || fail "the hill is not heard in the net"
until_ok 30 has_record hill R-hub || fail "the hub is not heard on the hill"
c hub sync
sleep 2
has_record hill R-far && fail "what came over IP is on the air"

end hub
hub ''
c far note R-far "more of it" > /dev/null
c hub sync
sleep 3
has_record hill R-far && fail "on the air after a restart"

end hub
hub ,rf_relay=yes
c hill sync
until_ok 60 same hub hill far || fail "rf_relay=yes does not relay: $(c hub neighbours)"
c hub status | grep -q '  sent .* s of at most 100.0 % of the time, .* heard .* s; busy' || fail "own and heard air time: $(c hub status)"
c hub metrics | grep -q '^cairn_airtime_seconds_total{port="radio"} [0-9.]*[1-9]' || fail "no air time in the metrics"
c hub metrics | grep -q '^cairn_channel_busy_seconds_total{port="radio"} [0-9.]*[1-9]' || fail "no heard time in the metrics"
say "the hub relays what it may"
