#!/bin/bash
# SPDX-License-Identifier: MIT
# cairn-air with real ptys and sockets: three stations in a line, cut and
# healed; a station that leaves and comes back; KISS/TCP; the numbers at the
# end.
set -u
cd "$(dirname "$0")/.." || exit 2
air=${O:-build}/cairn-air
[ -x "$air" ] || { echo "no $air"; exit 77; }
dir=$(mktemp -d)
port=$(( 20000 + RANDOM % 20000 ))
pid=
trap '[ -n "$pid" ] && kill $pid 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; cat "$dir/out" 2>/dev/null; exit 1; }

"$air" --topology ring --dir "$dir/none" 2>&1 < /dev/null | grep -q 'neither clique nor line, nor a file: ring: No such file' || fail "no such topology"

mkfifo "$dir/ctl"
exec 9<>"$dir/ctl"
"$air" --stations 3 --topology line --loss 0 --speed 40 --dir "$dir/box" \
	--tcp $port < "$dir/ctl" > "$dir/out" 2>&1 &
pid=$!
for _ in $(seq 100); do grep -q ^ready "$dir/out" && break; sleep 0.05; done
grep -q "^ready $dir/box/tnc0 $dir/box/tnc1 $dir/box/tnc2 tcp:" "$dir/out" || fail "not ready"

# say FD TEXT: a KISS data frame; hear FD TEXT: exactly that frame comes next.
say() { printf '\300\000%s\300' "$2" >&"$1"; }
hear() {
	local got
	got=$(timeout 5 head -c $(( ${#2} + 3 )) <&"$1" | tr '\300\000' '<>')
	[ "$got" = "<>$2<" ] || fail "station on $1 heard '$got', not '$2'"
}
# silent FD: nothing more for it
silent() {
	local got
	got=$(timeout 0.4 head -c 1 <&"$1" | od -An -tx1)
	[ -z "$got" ] || fail "station on $1 heard $got"
}
# order LINE: to the operator's line; waits for the answer
order() {
	local n; n=$(wc -l < "$dir/out")
	echo "$1" >&9
	for _ in $(seq 100); do [ "$(wc -l < "$dir/out")" -gt "$n" ] && return; sleep 0.02; done
	fail "no answer to $1"
}

exec 3<>"$dir/box/tnc0" 4<>"$dir/box/tnc1" 5<>"$dir/box/tnc2"
sleep 0.2
printf '\300\001\036\300\300\002\377\300' >&3	# TXDELAY 300 ms, P 255
say 3 "from zero"
hear 4 "from zero"
silent 5
say 4 "from the middle"
hear 3 "from the middle"
hear 5 "from the middle"

order "cut 0 1"
say 3 "lost"
silent 4
order "heal 0 1"
say 3 "heard again"
hear 4 "heard again"

# Station 1 goes; the others go on; what it missed does not greet it.
exec 4>&-
sleep 0.2
say 5 "to nobody"
sleep 0.4
say 3 "to nobody either"
sleep 0.4
exec 4<>"$dir/box/tnc1"
sleep 0.2
silent 4
say 5 "welcome back"
hear 4 "welcome back"

exec 6<>"/dev/tcp/127.0.0.1/$(( port + 2 ))" || fail "no TCP"
sleep 0.1
say 4 "to both ears"
hear 5 "to both ears"
hear 6 "to both ears"
say 6 "by tcp"
hear 4 "by tcp"

order "nonsense"
tail -n 1 "$dir/out" | grep -q ^error || fail "nonsense was taken"
order "cut 0 7"
tail -n 1 "$dir/out" | grep -q ^error || fail "station 7 was taken"
order "stats"
tail -n 1 "$dir/out" | grep -q '"keyups":' || fail "no stats"
if command -v nc > /dev/null; then
	echo loss 0.5 | timeout 2 nc -N -U "$dir/box/air.ctl" | grep -q ^ok || fail "air.ctl"
fi
echo quit >&9
wait $pid || fail "status $?"
pid=
tail -n 1 "$dir/out" | grep -q '^{"stations":3,.*"frames":9,.*"collisions":0,' || fail "stats at the end"
[ -e "$dir/box/tnc0" ] && fail "links are left"
echo ok
