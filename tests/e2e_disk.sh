#!/bin/bash
# SPDX-License-Identifier: MIT
# A full disk, at start and while writing: said, nothing half done, reading
# goes on. Needs root for a small tmpfs.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || { say "needs root"; exit 77; }
mkdir "$D/disk"
mount -t tmpfs -o size=24m tmpfs "$D/disk" 2> /dev/null || { say "no mount here"; exit 77; }
trap 'for n in "${!pid[@]}"; do end "$n" KILL; done; umount -l "$D/disk"; rm -rf "$D"' EXIT
a=disk/a
key $a

fill() { dd if=/dev/zero of="$D/disk/fill" bs=1M 2> /dev/null; dd if=/dev/zero bs=4k >> "$D/disk/fill" 2> /dev/null; }

# at start
fill
timeout 10 "$O/cairnd" -d "$D/$a" > "$D/full.log" 2>&1
[ $? = 1 ] || fail "it starts on a full disk"
grep -qi 'no space' "$D/full.log" || fail "it does not say why: $(cat "$D/full.log")"

# while writing
rm "$D/disk/fill"
run a "$O/cairnd" -d "$D/$a" --callsign Q1AAA-1
until_ok 45 answers $a || fail "it does not start: $(cat "$D/a.log")"
c $a note R-1 first > /dev/null || fail "note"
fill
text=$(printf '%04000d' 0)
for (( i = 0; i < 3000; i++ )); do
	c $a note R-1 "$text" > /dev/null 2> "$D/why.log" || break
done
[ $i -lt 3000 ] || fail "12 MB were stored on a full disk"
c $a view R-1 > /dev/null || fail "reading stopped too"
answers $a || fail "the daemon is gone"
end a
rm "$D/disk/fill"
run a "$O/cairnd" -d "$D/$a" --callsign Q1AAA-1
until_ok 45 answers $a || fail "it does not start again"
c $a note R-1 again > /dev/null || fail "no writing after room was made"
say "a full disk is said, and survived ($i notes before)"
