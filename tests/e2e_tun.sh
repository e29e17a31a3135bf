#!/bin/bash
# SPDX-License-Identifier: MIT
# A TNC as ax0: cairn kissattach makes it, a station sends and receives on it,
# cairn capture and tcpdump read it. BPQ over Ethernet, an interface that goes
# and comes. In a network of its own; needs root and /dev/net/tun.
if [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || ! command -v ip > /dev/null ||
	! unshare -n true 2> /dev/null; then
	echo "needs root, /dev/net/tun and ip"
	exit 77
fi
[ "${IN_NETNS:-}" ] || IN_NETNS=1 exec unshare -n "$0"
. "$(dirname "$0")/lib.sh"
ip link set lo up
hears() { c "$1" heard | grep -q "^$2 "; }
port_is() { c "$1" status | grep -q "$2  $3"; }

run air "$O/cairn-air" --stations 2 --loss 0 --seed 1 --speed 20 --dir "$D/air" --tcp 24001
until_ok 45 test -S "$D/air/air.ctl" || fail "cairn-air does not start"
station a --callsign Q1AAA-1 --port radio=ax25:ax0
station b --callsign Q2BBB-1 --time-scale 20 --port "radio=kiss:$D/air/tnc1"
port_is a radio 'down.*no interface ax0' || fail "up without an interface"

# it comes while the station runs
run attach "$O/cairn" kissattach "$D/air/tnc0" ax0 ax1 --callsign Q1AAA
until_ok 10 port_is a radio up || fail "ax0 is not noticed"
run capture "$O/cairn" capture -i ax0 -w "$D/ax0.pcapng"
until_ok 5 grep -q listening "$D/capture.log" || fail "ax0 cannot be read"
until_ok 30 port_is b radio up || fail "b has no port"
c a tx test > /dev/null || fail "tx test"
until_ok 30 hears b Q1AAA-1 || fail "nothing leaves by ax0"
c b tx test > /dev/null || fail "tx test of b"
until_ok 30 hears a Q2BBB-1 || fail "nothing comes in by ax0"
until_ok 5 sh -c "[ \$('$O/cairn' decode '$D/ax0.pcapng' | wc -l) = 2 ]" || fail "the capture has not both"
"$O/cairn" decode "$D/ax0.pcapng" | grep -q ' out Q1AAA-1 > ' || fail "no direction"

# it goes and comes again; a name that is taken, and one that is none
end attach INT
[ "$status" = 0 ] || fail "kissattach: exit $status"
grep -q '^ax0: 1 received, 1 sent, 0 not sent' "$D/attach.log" || fail "counts"
until_ok 10 port_is a radio down || fail "ax0 is gone but up"
run attach "$O/cairn" kissattach "$D/air/tnc0" ax0 --callsign Q9ZZZ
until_ok 10 port_is a radio up || fail "ax0 does not come back"
c a tx test > /dev/null
until_ok 10 grep -q 'not of this call sign' "$D/attach.log" || fail "another call sign is sent"
code() { "$O/cairn" kissattach "${@:2}" > /dev/null 2>&1; [ $? = "$1" ] || fail "exit of $*"; }
code 1 "$D/air/tnc0" ax0
code 1 "$D/air/tnc0" much-too-long-a-name
code 2 "$D/air/tnc0" ax7 --callsign N0CALL
code 2 "$D/air/tnc0" ax7 --txdelay 300

# without the capability: which one it is, and how it is given
if command -v setpriv > /dev/null; then
	without() { setpriv --bounding-set=-net_raw,-net_admin "$O/cairn" "$@" 2>&1; }
	[[ $(without capture -i ax0) == *"needs CAP_NET_RAW"*"setcap cap_net_raw"* ]] || fail "capture without CAP_NET_RAW"
	[[ $(without kissattach "$D/air/tnc0" ax7) == *"needs CAP_NET_ADMIN"*"setcap cap_net_admin"* ]] ||
		fail "kissattach without CAP_NET_ADMIN"
	key n; run n setpriv --bounding-set=-net_raw,-net_admin "$O/cairnd" -d "$D/n" --port radio=ax25:ax0
	until_ok 10 grep -q 'needs CAP_NET_RAW: setcap' "$D/n.log" || fail "cairnd without CAP_NET_RAW"
	end n
fi

# the daemon's mirror shows what a port hears and sends, and nothing more
end b
station b --callsign Q2BBB-1 --time-scale 20 --port "radio=kiss:$D/air/tnc1,mirror=ax5"
run mirror "$O/cairn" capture -i ax5 -t
until_ok 5 grep -q listening "$D/mirror.log" || fail "no mirror"
until_ok 30 port_is b radio up || fail "b has no port"
c b tx test > /dev/null
until_ok 10 grep -q 'Q2BBB-1 > ' "$D/mirror.log" || fail "the mirror is blind"
ip link del ax5
sleep 0.3
answers b || fail "the station died of its mirror"

# BPQ: two ends of a wire, one pulled
ip link add e0 type veth peer name e1
ip link set e0 up; ip link set e1 up
station d --callsign Q4DDD-1 --port wire=bpq:e0
station e --callsign Q5EEE-1 --port wire=bpq:e1
until_ok 5 port_is d wire up || fail "bpq is not up"
c d tx test > /dev/null || fail "tx test by bpq"
until_ok 5 hears e Q4DDD-1 || fail "bpq is not heard"
ip link set e1 down
until_ok 5 port_is e wire 'down.*e1 is down' || fail "e1 is down but up"
ip link set e1 up
until_ok 5 port_is e wire up || fail "e1 does not come back"
c e tx test > /dev/null
until_ok 5 hears d Q5EEE-1 || fail "bpq is not heard after it came back"
ip link del e0
until_ok 5 port_is d wire 'down.*no interface' || fail "e0 is gone but up"
say "ax0 made, used, gone and back; a mirror; BPQ"
