# SPDX-License-Identifier: MIT
# For tests/soak/*.sh: what tests/lib.sh gives, and a channel that can be
# asked. These take minutes; `make check` does not run them.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
SPEED=${SPEED:-20}

# channel OPTION...: cairn-air in D/air; its orders go through a pipe at fd 9
channel() {
	[ -p "$D/orders" ] || mkfifo "$D/orders"
	exec 9<> "$D/orders"
	: > "$D/air.out"
	"$O/cairn-air" --speed "$SPEED" --dir "$D/air" "$@" < "$D/orders" \
		> "$D/air.out" 2>> "$D/air.log" 9>&- &
	pid[air]=$!
	until_ok 5 grep -q ^ready "$D/air.out" || fail "cairn-air does not start"
}

# ask ORDER: to the channel; its answer, one line, is on stdout
ask() {
	local n end=$(( SECONDS + 5 ))
	n=$(wc -l < "$D/air.out")
	echo "$1" >&9
	while [ "$(wc -l < "$D/air.out")" -le "$n" ]; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.01
	done
	tail -n 1 "$D/air.out"
}

# tune NAME CALL TNC [FLAGS...]: starts cairnd of the folder D/NAME on that TNC
# of the channel; radio: the same, and waits until it answers
tune() {
	local name=$1 call=$2 tnc=$3
	shift 3
	[ -e "$D/$name/key" ] || key "$name"
	run "$name" "$O/cairnd" -d "$D/$name" --callsign "$call" --transmit \
		--time-scale "$SPEED" --port "radio=kiss:$D/air/tnc$tnc,duty=100%,rf_relay=yes" "$@"
}
radio() {
	tune "$@"
	until_ok 10 answers "$1" || fail "$1 does not start"
}

# number KEY: the first number of that name on stdin
number() { sed -n "s/.*\"$1\":\([-0-9.]*\).*/\1/p" | head -n 1; }
