#!/bin/bash
# SPDX-License-Identifier: MIT
# cairn decode against golden outputs: tests/golden/decode/NAME.EXT gives
# NAME.EXT.txt and NAME.EXT.json. UPDATE=1 writes them anew.
set -u
cd "$(dirname "$0")/.." || exit 2
cairn=${O:-build}/cairn
[ -x "$cairn" ] || exit 77
got=$(mktemp -d)
trap 'rm -rf "$got"' EXIT
bad=0

compare() { # input output options...
	local in=$1 want=$2
	shift 2
	"$cairn" decode "$@" "$in" > "$got/out" 2> "$got/err"
	[ "${UPDATE:-}" ] && cp "$got/out" "$want"
	diff -u "$want" "$got/out" | cut -c1-300 | head -n 12
	cmp -s "$want" "$got/out" || { echo "decode $* $in"; bad=1; }
	[ -s "$got/err" ] && { cat "$got/err"; bad=1; }
}

for in in tests/golden/decode/*.{hex,kiss,hdlc,pcapng}; do
	hex=()
	case $in in *.hex) hex=(--hex) ;; esac
	compare "$in" "$in.txt" "${hex[@]}" -v
	compare "$in" "$in.json" "${hex[@]}" --json
done

# The same from a pipe that gives a byte at a time, and exit codes.
in=tests/golden/decode/capture.pcapng
dd if=$in ibs=1 obs=1 2> /dev/null | "$cairn" decode -v - | cmp - $in.txt || bad=1
code() { # wanted command...
	local want=$1
	shift
	"$@" > /dev/null 2>&1 < /dev/null
	local is=$?
	[ $is = "$want" ] || { echo "$*: exit $is, not $want"; bad=1; }
}
[ "$(echo 'c0 00:82c0' | "$cairn" decode --hex)" = "$(echo c00082c0 | "$cairn" decode --hex)" ] || bad=1
code 0 "$cairn" decode
code 0 "$cairn" decode --hex tests/golden/decode/frames.hex
code 1 "$cairn" decode $in	# it is cut
code 1 "$cairn" decode /nonexistent
code 2 "$cairn" decode --link laplink
exit $bad
