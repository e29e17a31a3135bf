#!/bin/bash
# SPDX-License-Identifier: MIT
# A stock Reticulum transport node in the middle of four stations, one on each
# way by which it can be reached. It validates each announce and relays it to
# the three others, for whom that station is then far, one hop away; its own
# announce is heard by all.
#
#         a --bare KISS--.            .--TCP, they connect-- c
#                         rnsd (stock)
#         b --AX.25 KISS-'            '--TCP, we connect---- d
#
# RNS_PATH: a checkout of the reference implementation. About 30 seconds.
. "$(dirname "$0")/rns.sh"
server=$(free_port) client=$(free_port)

wire bare
wire ax25
station a --callsign Q1AAA-1 --transmit \
	--port "radio=kiss:$D/bare.ours,framing=bare,bare_rf=yes,duty=100%"
station b --callsign Q2BBB-1 --transmit \
	--port "radio=kiss:$D/ax25.ours,duty=100%"
station c --callsign Q3CCC-1 --port "lan=listen:127.0.0.1:$client"
transport << CONFIG
  [[bare]]
    type = KISSInterface
    enabled = Yes
    port = $D/bare.theirs
    announce_cap = 100
  [[ax25]]
    type = AX25KISSInterface
    enabled = Yes
    port = $D/ax25.theirs
    callsign = Q9RNS
    ssid = 1
    announce_cap = 100
  [[server]]
    type = TCPServerInterface
    enabled = Yes
    listen_ip = 127.0.0.1
    listen_port = $server
  [[client]]
    type = TCPClientInterface
    enabled = Yes
    target_host = 127.0.0.1
    target_port = $client
CONFIG
station d --callsign Q4DDD-1 --port "lan=tcp:127.0.0.1:$server"
all_up() {
	for s in a b c d; do c $s status --json | grep -q '"up":true' || return 1; done
}
until_ok 20 all_up || fail "a port stays down"

for s in a b c d; do
	c $s announce > /dev/null || fail "$s: announce"
done

# validated: a path to each, straight over the interface where it is
path_on() { rns rnpath -t -j | tr '}' '\n' | grep '"hops": 1' | grep -q "$1"; }
for on in 'KISSInterface\[bare' 'AX25KISSInterface\[ax25' \
	'Client on server' 'TCPInterface\[client'; do
	until_ok 20 path_on "$on" || fail "rnsd has no path on $on"
done

# relayed: each knows the three others, one hop away
far() { c "$1" neighbours --json | tr '}' '\n' | grep -c '"far","hops":1'; }
knows_three() { [ "$(far "$1")" = 3 ]; }
for s in a b c d; do
	until_ok 40 knows_three $s || fail "$s knows $(far $s) of three"
done

# and rnsd's own announce, of a destination that is not ours
hears() { c "$1" heard --json | tr '}' '\n' | grep '"cairn":false' | grep -q '"hops":0'; }
for s in a b c d; do
	until_ok 40 hears $s || fail "$s does not hear rnsd"
done
say "a stock transport node validates and relays our announces; we hear its own"
