#!/bin/bash
# SPDX-License-Identifier: MIT
# A station's folder is put back from a copy, cleanly made, of before its last
# events; it writes at once. The neighbour still has what the copy lacks. All
# that was confirmed is in both views at the end, N times.
# backup.sh [N [SEED]]
. "$(dirname "$0")/lib.sh"
N=${1:-5} seed=${2:-$(( $(date +%s) % 100000 ))}
RANDOM=$seed
touch "$D/texts"

start_a() { radio a Q1AAA-1 0; }
write() { # ROUND WHEN COUNT
	local i
	for (( i = 0; i < $3; i++ )); do
		c a note R-1 "$1-$2-$i" > /dev/null || fail "a does not write"
		echo "$1-$2-$i" >> "$D/texts"
	done
}
complete() {
	local t
	c "$1" view R-1 > "$D/$1.view" 2>> "$D/view.log" || return 1
	while read -r t; do grep -qF -- "$t" "$D/$1.view" || return 1; done < "$D/texts"
}
lacks() {
	c "$1" view R-1 > "$D/$1.view"
	while read -r t; do grep -qF -- "$t" "$D/$1.view" || echo -n "$t "; done < "$D/texts"
}
settle() {
	local n
	for n in a b; do until_ok 60 complete $n || fail "round $r: $1: $n lacks $(lacks $n)"; done
	until_ok 60 same a b || fail "round $r: $1: views differ"
}

say "seed $seed"
channel --stations 2 --loss 0.1 --seed "$seed"
start_a
radio b Q2BBB-1 1
for (( r = 1; r <= N; r++ )); do
	write "$r" before 2
	settle "before the copy"
	end a
	rm -rf "$D/copy"; cp -a --sparse=always "$D/a" "$D/copy"
	start_a
	write "$r" lost $(( RANDOM % 4 + 1 ))
	settle "after the copy"
	end a
	rm -rf "$D/a"; mv "$D/copy" "$D/a"
	start_a
	write "$r" again $(( RANDOM % 5 + 1 ))
	settle "after the copy was put back"
done
say "$N copies put back, $(wc -l < "$D/texts") confirmed writes, all at both;" \
	"$(c b log --json | wc -l) events, forked feeds: $(c b feeds --json | grep -o '"forked":true' | wc -l)"
