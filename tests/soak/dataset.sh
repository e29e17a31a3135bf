#!/bin/bash
# SPDX-License-Identifier: MIT
# Five stations on cairn-air write every kind at once, on the same records, keys
# and documents, while links are cut and stations killed. At the end all five
# show the same, the counters have every step that was confirmed, and the first
# can fetch what any of them attached.
# dataset.sh [SEEDS [FIRST]]; a line a seed; exit 1 if one failed.
. "$(dirname "$0")/lib.sh"
seeds=${1:-5} first=${2:-1} ROUNDS=${ROUNDS:-6}
names=(a b c d e) calls=(Q1AAA-1 Q2BBB-1 Q3CCC-1 Q4DDD-1 Q5EEE-1)

# write STATION I: something of a random kind; a confirmed step is counted
write() {
	local n=${names[$1]} p=$(( RANDOM % 5 + 1 ))
	case $(( RANDOM % 12 )) in
	0) c $n set "R-$(( RANDOM % 3 ))" status "$2 by $n" ;;
	1) c $n note R-1 "note $2 of $n" ;;
	2) c $n unset "R-$(( RANDOM % 3 ))" status ;;
	3) c $n count R-1 people +$p && echo $p >> "$D/steps" ;;
	4) c $n count R-1 people -$p && echo -$p >> "$D/steps" ;;
	5) c $n plan boats=$p "road=$n" ;;
	6) c $n plan boats=$p --set ;;
	7) c $n doc log insert "line $2 of $n" ;;
	9) echo "$2 of $n" > "$D/content" && c $n attach R-2 file "$D/content" ;;
	10) echo "$2 of $n" | c $n resource commit roster "$(c $n resource begin roster)" - --beside ;;
	11) c $n create "R-$(( RANDOM % 3 ))" "form$p" ;;
	8) (( RANDOM % 2 )) && c $n doc log update 1 "line $2 again, $n" || c $n doc log delete 1 ;;
	esac >> "$D/writes" 2>> "$D/writer.log"
}

round() {
	local i x=$(( RANDOM % 5 )) y=$(( RANDOM % 5 ))
	(( x == y )) || ask "cut $x $y" > /dev/null
	for i in 0 1 2 3 4; do write $i "$1"; write $i "$1"; done
	if (( RANDOM % 2 )); then
		i=$(( RANDOM % 5 ))
		end "${names[$i]}" KILL
		radio "${names[$i]}" "${calls[$i]}" $i
	fi
	(( x == y )) || { sleep 0.5; ask "heal $x $y" > /dev/null; }
}

run_one() {
	local i r want got
	RANDOM=$1
	rm -rf "$D"/{a,b,c,d,e,steps}
	echo 0 > "$D/steps"
	channel --stations 5 --loss 0.05 --seed "$1"
	for i in 0 1 2 3 4; do radio "${names[$i]}" "${calls[$i]}" $i; done
	for (( r = 1; r <= ROUNDS; r++ )); do round $r; done
	until_ok 180 same "${names[@]}" || fail "seed $1: the views differ"
	want=$(awk '{ s += $1 } END { print s }' "$D/steps")
	got=$(c a view R-1 --json | number people)
	[ "${got:-0}" = "$want" ] || fail "seed $1: counts $got, not $want"
	for r in $(c a view R-2 --json | grep -o '"blob_hash":"[0-9a-f]*"' | cut -d'"' -f4 | sort -u); do
		until_ok 90 c a fetch "$r" "$D/got" || fail "seed $1: content $r: $(c a fetch 2>&1)"
	done
	say "seed $1: equal, $(( $(wc -l < "$D/steps") - 1 )) steps, $(c a log --json | wc -l) events, people $want, $(c a doc log order | wc -l) lines"
	for n in "${names[@]}"; do same_read $n || fail "seed $1: the log of $n says something else"; done
	end air
}

for (( k = first; k < first + seeds; k++ )); do run_one $k; done
grep -hE 'Sanitizer|runtime error' "$D"/*.log && fail "a sanitizer spoke"
exit 0
