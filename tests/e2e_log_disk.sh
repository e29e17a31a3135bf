#!/bin/bash
# SPDX-License-Identifier: MIT
# The log on a small ext4 that fills up, turns read-only, or is gone at once;
# and a process that may not write long files. Each time: an error is said,
# what was acknowledged can be read, and it goes on when the cause is gone.
# N=50 for more power cuts, of a flight recorder too. Needs root and a loop device.
. "$(dirname "$0")/lib.sh"
N=${N:-2} RINGS=${RINGS:-3}
P=$O/tests/torture_fill
[ -x "$P" ] || fail "$P is not built"

acked() { grep -E '^[0-9]+$' "$D/$1.log" | tail -n 1; }
# ended NAME ERROR: it said that, and could read
ended() {
	wait "${pid[$1]}"
	status=$?
	unset "pid[$1]"
	[ "$status" = 0 ] || fail "$1: exit $status"
	grep -qE "^error ($2)$" "$D/$1.log" || fail "$1: no error $2"
	grep -q '^readable$' "$D/$1.log" || fail "$1: cannot be read after the error"
}
checked() { "$P" check "$1" "$2" > "$D/check.log" || fail "$1: $(cat "$D/check.log")"; }

# no file above 600 KB
mkdir "$D/limit"
run limited "$P" write "$D/limit/log" 600000
ended limited 'EFBIG'
checked "$D/limit/log" "$(acked limited)"
key limit/station
( ulimit -f 1000; exec timeout 20 "$O/cairnd" -d "$D/limit/station" ) > "$D/cairnd.log" 2>&1
[ $? = 1 ] && grep -qi 'file too large' "$D/cairnd.log" || fail "cairnd: $? $(cat "$D/cairnd.log")"
say "RLIMIT_FSIZE is an error, not a death ($(acked limited) records)"

[ "$(id -u)" = 0 ] || { say "the rest needs root"; exit 0; }
truncate -s 24M "$D/image"
mkfs.ext4 -q -F "$D/image" 2> /dev/null || { say "no mkfs.ext4 here"; exit 0; }
mkdir "$D/disk"
# A boot would be another one: what the page of the published tail says is void.
up() { mount -o loop "$D/image" "$D/disk" 2> /dev/null && rm -f "$D/disk/log/tail" "$D/disk/frames/tail"; }
up || { say "no mount here"; exit 0; }
trap 'for n in "${!pid[@]}"; do end "$n" KILL; done; umount -l "$D/disk" 2> /dev/null; rm -rf "$D"' EXIT
L=$D/disk/log

# it fills up, and room is made
dd if=/dev/zero of="$D/disk/ballast" bs=1M count=14 2> /dev/null
mkfifo "$D/line"
"$P" write "$L" > "$D/full.log" 2>&1 < "$D/line" &
pid[full]=$!
exec 3> "$D/line"
until_ok 60 grep -q readable "$D/full.log" || fail "the disk does not fill up"
"$P" check "$L" 0 > "$D/check.log" 2>&1 && fail "two writers"
rm "$D/disk/ballast"
echo >&3
exec 3>&-
ended full ENOSPC
grep -q '^goes on$' "$D/full.log" || fail "it does not go on when room was made"
checked "$L" "$(acked full)"
say "a full disk is an error, and no more when room was made ($(acked full) records)"

# the file system turns read-only under it
rm -rf "$L"
run ro "$P" write "$L"
until_ok 10 grep -q 100 "$D/ro.log"
mount -o remount,abort "$D/disk" 2> /dev/null
ended ro 'EROFS|EIO'
umount "$D/disk"
fsck.ext4 -fy "$D/image" > /dev/null 2>&1
up || fail "mount"
checked "$L" "$(acked ro)"
say "read-only under it: an error ($(acked ro) records)"

# the power goes
for (( i = 1; i <= N; i++ )); do
	run "cut$i" "$P" write "$L"
	until_ok 10 grep -qE '[05]' "$D/cut$i.log"
	sleep "0.$(( RANDOM % 4 ))$(( RANDOM % 10 ))"
	"$P" stop "$D/disk" 2> "$D/stop.log" || { say "no shutdown of ext4 here: $(cat "$D/stop.log")"; exit 0; }
	# ENOMEM: the next segment could not be mapped
	ended "cut$i" 'EROFS|EIO|ENOMEM'
	umount "$D/disk" && up || fail "mount after the power cut"
	checked "$L" "$(acked "cut$i")"
	[ "$(du -sm "$L" | cut -f1)" -lt 10 ] || rm -rf "$L"
done
say "$N power cuts of an ext4, nothing acknowledged lost ($(cat "$D/check.log"))"

# what a power cut costs the flight recorder: its last 10 s
(( N > 2 )) || exit 0
for (( i = 1; i <= RINGS; i++ )); do
	run "ring$i" "$P" ring "$D/disk/frames"
	sleep "2$(( RANDOM % 6 )).$(( RANDOM % 10 ))"
	cut=$(date +%s%3N)
	"$P" stop "$D/disk" || fail "stop"
	end "ring$i" KILL
	umount "$D/disk" && up || fail "mount after the power cut"
	newest=$("$P" newest "$D/disk/frames") || fail "frames: $newest"
	lost=$(( cut - newest ))
	say "the flight recorder lost its last $lost ms"
	(( lost <= 10000 )) || fail "that is more than 10 s"
done
