#!/bin/bash
# SPDX-License-Identifier: MIT
# Three stations in a line and, in everybody's range, one that sends random
# frames, frames that look like Cairn's, and what it heard with bytes changed.
# In the middle of it a link is cut and heals, noise comes in on a serial
# line, and the TNCs vanish. The stations converge each time and none stops;
# `cairn status --json` counts what they refused.
# hostile.sh [ROUNDS [SEED]]
. "$(dirname "$0")/lib.sh"
rounds=${1:-3} seed=${2:-$(( $(date +%s) % 100000 ))}
RANDOM=$seed
tcp=$(free_port)
printf '0 1\n1 2\n3 0\n3 1\n3 2\n' > "$D/map"

# ---- the stranger ----

noise() { head -c "$1" /dev/urandom | tr -d '\300\333'; }
frame() { printf '\300\000'; cat; printf '\300'; }
# AX.25 UI from Q9ZZZ to CAIRN0, PID BC, and the word of the protocol
header() { printf '\206\202\222\244\234\140\340\242\162\264\264\264\100\141\003\274'; }
word() { printf "\\x$(printf %x $(( 0xe0 + RANDOM % 32 )))"; }

stranger() {
	local i from
	RANDOM=$1
	exec 7<> "/dev/tcp/127.0.0.1/$(( tcp + 3 ))" || exit
	cat <&7 > "$D/heard" &
	trap 'kill $!; exit' TERM
	while sleep "0.$(( RANDOM % 3 + 1 ))"; do
		case $(( RANDOM % 4 )) in
		0) noise $(( RANDOM % 200 + 20 )) | frame ;;
		1) { header; word; noise $(( RANDOM % 120 + 4 )); } | frame ;;
		2) noise $(( RANDOM % 60 )) ;;	# between frames
		3) from=$(( RANDOM % ($(stat -c %s "$D/heard") + 1) ))
		   tail -c +$from "$D/heard" | head -c $(( RANDOM % 400 )) |
			tr "\\$(( RANDOM % 100 + 100 ))" '\252'
		   printf '\300' ;;
		esac >&7 2> /dev/null
	done
}

stranger_starts() { stranger $RANDOM & pid[stranger]=$!; }

# ---- the field ----

names=(a b c) calls=(Q1AAA-1 Q2BBB-1 Q3CCC-1) written=0

box() { channel --stations 4 --topology "$D/map" --loss 0.1 --seed "$seed" --tcp "$tcp"; }
alive() {
	local n
	for n in "${names[@]}"; do
		kill -0 "${pid[$n]}" 2> /dev/null || fail "$n stopped $1"
	done
}
write() { # COUNT: at the two ends
	local i
	for (( i = 0; i < $1; i++ )); do
		c "${names[i % 2 * 2]}" note "R-$(( written++ ))" "note $RANDOM of a busy day" \
			> /dev/null || fail "${names[i % 2 * 2]} does not write"
	done
}
complete() { [ "$(c "$1" view --json | wc -l)" -ge $written ]; }
together() { # WHAT
	local from n
	from=$(ask stats | number seconds)
	for n in "${names[@]}"; do
		until_ok 90 complete $n || fail "$n lacks records $1"
	done
	until_ok 90 same "${names[@]}" || fail "views differ $1"
	alive "$1"
	say "$(awk -v a="$from" -v b="$(ask stats | number seconds)" 'BEGIN { printf "%6.0f s", b - a }')  equal $1"
}

say "seed $seed"
box
for i in 0 1 2; do radio "${names[$i]}" "${calls[$i]}" $i; done
stranger_starts
for (( k = 1; k <= rounds; k++ )); do
	write 10
	together "under false frames"

	write 4; sleep 0.5
	ask "cut 0 1" > /dev/null; write 6; sleep 2
	ask "heal 0 1" > /dev/null
	together "after a cut healed"

	write 4
	noise 600 > "$D/air/tnc1"	# a loose plug: into the TNC's decoder
	together "after noise on a serial line"

	write 4; sleep "0.$(( RANDOM % 9 + 1 ))"
	end stranger; end air KILL
	write 4; sleep 1
	alive "without TNCs"
	box; stranger_starts
	together "after the TNCs vanished and came back"
done
end stranger
for n in "${names[@]}"; do
	c $n status --json > "$D/status"
	say "$n: $(grep -o '"verdicts":{[^}]*}' "$D/status") $(grep -o '"undecodable":[0-9]*' "$D/status")" \
		"$(grep -o '"run_errors":{[^}]*}' "$D/status") rx_errors $(number rx_errors < "$D/status") ups $(number ups < "$D/status")"
	grep -q '"bad frame":[1-9]' "$D/status" || fail "$n counted no bad frame"
	[ "$(number ups < "$D/status")" = $(( rounds + 1 )) ] || fail "$n: its port came $(number ups < "$D/status") times"
	end $n
	[ "$status" = 0 ] || fail "$n: exit $status"
done
grep -hE 'Sanitizer|runtime error' "$D"/*.log && fail "a sanitizer spoke"
exit 0
