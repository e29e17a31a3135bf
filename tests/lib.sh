# SPDX-License-Identifier: MIT
# For tests/e2e_*.sh and tests/demo: stations as processes in a folder of
# their own. Everything started here is ended at exit, by its process id.
#
# Call signs: no country's begin with Q, so Q1AAA and the like are nobody's.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
O=${O:-build}
D=$(mktemp -d "${TMPDIR:-/tmp}/cairn-${0##*/}.XXXXXX") || exit 2
declare -A pid=()

fail() {
	echo "FAIL: $*" >&2
	tail -n 5 "$D"/*.log >&2
	exit 1
}

say() { printf '%s\n' "$*"; }

# until_ok SECONDS COMMAND...: polls until the command is true
until_ok() {
	local end=$(( $(date +%s%N) + $1 * 1000000000 ))
	shift
	until "$@" > /dev/null 2>&1; do
		[ "$(date +%s%N)" -lt $end ] || return 1
		sleep 0.1
	done
}

# run NAME COMMAND...: in the background, its words in D/NAME.log
run() {
	local name=$1
	shift
	"$@" >> "$D/$name.log" 2>&1 < /dev/null &
	pid[$name]=$!
}

# end NAME [SIGNAL]
end() {
	[ "${pid[$1]:-}" ] || return 0
	kill "-${2:-TERM}" "${pid[$1]}" 2> /dev/null
	wait "${pid[$1]}" 2> /dev/null
	status=$?
	unset "pid[$1]"
}

cleanup() {
	for name in "${!pid[@]}"; do end "$name" KILL; done
	rm -rf "$D"
}
trap cleanup EXIT

# c NAME VERB...: cairn at that station
c() {
	local name=$1
	shift
	"$O/cairn" -d "$D/$name" "$@"
}

key() { c "$1" key gen > /dev/null || fail "$1: key gen"; }

answers() { c "$1" status --json > /dev/null 2>&1; }

# station NAME FLAGS...: cairnd in D/NAME, up when this returns
station() {
	local name=$1
	shift
	[ -e "$D/$name/key" ] || key "$name"
	run "$name" "$O/cairnd" -d "$D/$name" "$@"
	until_ok 30 answers "$name" || fail "$name does not start"
}

hash_of() { c "$1" view --hash 2> /dev/null; }

# same_read NAME: ends it; what cairnd answered is what its log says
same_read() {
	local asked
	asked=$(hash_of "$1")
	end "$1"
	[ -n "$asked" ] && [ "$(hash_of "$1")" = "$asked" ]
}

# same NAME NAME...: all hold the same dataset, and not an empty one
same() {
	local first
	first=$(hash_of "$1")
	[ -n "$first" ] || return 1
	for name in "$@"; do [ "$(hash_of "$name")" = "$first" ] || return 1; done
}

has_record() { c "$1" view "$2" --json 2> /dev/null | grep -q "\"$2\""; }

# a free TCP port, for a moment
free_port() {
	local p
	while :; do
		p=$(( 20000 + RANDOM % 20000 ))
		(exec 3<> "/dev/tcp/127.0.0.1/$p") 2> /dev/null || { echo $p; return; }
	done
}

# json KEY: the first number or string of that name on stdin
json() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" | head -n 1; }
