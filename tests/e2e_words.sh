#!/bin/bash
# SPDX-License-Identifier: MIT
# Words that no event can hold, or that would change nothing, are refused, and
# the answer says why.
. "$(dirname "$0")/lib.sh"
# refused CODE TEXT COMMAND...
refused() {
	local code=$1 text=$2
	shift 2
	"$@" > "$D/out" 2>&1
	[ $? = "$code" ] && grep -q -- "$text" "$D/out" || fail "$*: $(cat "$D/out")"
}

station a --callsign Q1AAA-1
c a set R-1 status open > /dev/null || fail "set"
before=$(hash_of a)

latin=$(printf 'caf\xe9')
for words in "set R-1 $latin 1" "set R-1 name $latin" "note R-1 $latin" "plan $latin=1" \
	"plan x=$latin" "doc log insert $latin" "forms site $latin:text" "mute $latin"; do
	refused 2 'is not UTF-8' c a $words
done
for step in 0 -0 two 1.5 ''; do
	refused 2 'a step is a whole number' c a count R-1 people "$step"
done
: > "$D/empty"
refused 1 'nothing in it' c a attach R-1 photo "$D/empty"
refused 1 'nobody wrote that field' c a unset R-1 stauts
refused 1 'nobody wrote that field' c a why R-1.stauts
refused 1 'no such record' c a why R-9
refused 1 'no such record' c a view R-9
refused 2 '--hash, --csv or --watch' c a view --csv --watch
[ "$(hash_of a)" = "$before" ] || fail "something was written"

# names with dots
c a create 2026.R1 tent > /dev/null && c a set 2026.R1 water.level low > /dev/null || fail "dots"
c a why 2026.R1.water.level | grep -q '^  shows  "low"  by Q1AAA-1' || fail "$(c a why 2026.R1.water.level)"
c a why 2026.R1 | grep -q 'created by Q1AAA-1 .*, form "tent"$' || fail "$(c a why 2026.R1)"
say "what cannot be written is refused, and why"
