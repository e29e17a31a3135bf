#!/bin/bash
# SPDX-License-Identifier: MIT
# Failures of the system, for real: a disk that refuses a sync, a file system
# that turns read-only, a limit on file sizes, files cut short under readers.
# Each is said, nothing dies, what was confirmed can be read. Needs root for
# small loop-mounted disks.
. "$(dirname "$0")/lib.sh"
export CAIRN_SEGMENT_KB=256
text=$(printf '%03000d' 0)

# ---- a limit on file sizes ----

key limited
(ulimit -f 100; exec "$O/cairnd" -d "$D/limited") > "$D/limited.log" 2>&1
[ $? = 1 ] || fail "it starts below its file size limit"
grep -qi 'too large' "$D/limited.log" || fail "the limit is not said: $(cat "$D/limited.log")"

# ---- files cut short under readers ----

station r --callsign Q1AAA-1
for (( i = 0; i < 100; i++ )); do c r note R-1 "$i $text" > /dev/null || fail "note"; done
end r
first="$D/r/events/0000000000000000.seg"
cp -a "$D/r" "$D/whole"
# one that waits in the middle: log, at a full pipe; others, at DIR/state
cut_log() { c r log --json 2> "$D/why" | { sleep 0.3; truncate -s 8192 "$first"; cat > /dev/null; }; echo "${PIPESTATUS[0]}" > "$D/code"; }
cut_under() { # VERB...
	mv "$D/r/state" "$D/state"; mkfifo "$D/r/state"
	{ c r "$@" > "$D/out" 2> "$D/why"; echo $? > "$D/code"; } &
	exec 3> "$D/r/state"	# it has mapped the log by now
	truncate -s 8192 "$first"
	cat "$D/state" >&3; exec 3>&-
	wait $!
}
for verb in cut_log "cut_under view" "cut_under fsck" "cut_under feeds"; do
	rm -rf "$D/r"; cp -a "$D/whole" "$D/r"
	$verb
	[ "$(cat "$D/code")" = 1 ] || fail "$verb: exit code $(cat "$D/code")"
	[ -s "$D/why" ] || fail "$verb: nothing is said"
done
rm -rf "$D/r"; cp -a "$D/whole" "$D/r"
port=$(free_port)
station r --port "door=listen:127.0.0.1:$port"
truncate -s 8192 "$first"
station s --callsign Q2BBB-1 --port "link=tcp:127.0.0.1:$port"
until_ok 45 grep -q 'pages cannot be read any more' "$D/r.log" || fail "cairnd does not say it"
answers r || fail "cairnd died"
c r status | grep -q 'pages cannot be read' || fail "status: $(c r status)"
end s; end r

[ "$(id -u)" = 0 ] || { say "a limit, files cut short: said; disks need root"; exit 0; }

# ---- disks ----

mounted=()
trap 'for n in "${!pid[@]}"; do end "$n" KILL; done; for m in "${mounted[@]}"; do umount -l "$m"; done; rm -rf "$D"' EXIT
# disk NAME: an ext4 of 24 MB on a sparse file on a tmpfs of 20 MB
disk() {
	mkdir "$D/$1.under" "$D/$1.disk"
	mount -t tmpfs -o size=20m tmpfs "$D/$1.under" 2> /dev/null || return 1
	mounted=("$D/$1.under" "${mounted[@]}")
	truncate -s 24M "$D/$1.under/img"
	mkfs.ext4 -q -b 4096 -O ^has_journal "$D/$1.under/img" 2> /dev/null || return 1
	mount -o loop "$D/$1.under/img" "$D/$1.disk" 2> /dev/null || return 1
	mounted=("$D/$1.disk" "${mounted[@]}")
}
# holes under what is not written yet of the newest segment, and no room for it
spoil() {
	local events="$D/$1.disk/a/events" seg used from to at
	seg=$(ls "$events/"*.seg | tail -n 1)
	sync -f "$seg"
	used=$(( $(od -An -tu8 -j64 -N8 "$events/tail") % (1 << 26) / 4096 + 1 ))
	filefrag -v "$seg" | sed -n 's/^ *[0-9]*: *\([0-9]*\)\.\. *\([0-9]*\): *\([0-9]*\)\.\..*/\1 \2 \3/p' |
	while read -r from to at; do
		[ "$to" -ge "$used" ] || continue
		[ "$from" -ge "$used" ] || { at=$(( at + used - from )); from=$used; }
		fallocate -p -o $(( at * 4096 )) -l $(( (to - from + 1) * 4096 )) "$D/$1.under/img"
	done
	dd if=/dev/zero of="$D/$1.under/fill" bs=4k 2> /dev/null
}
# what has to be true once the log of station $1 has stopped
stopped() { # STATION SENTENCE
	c "$1" note R-1 refused > /dev/null 2>&1 && fail "$1: a note is confirmed"
	grep -q "the log stopped: $2" "$D/${1%%.*}.log" || fail "$1: not said: $(cat "$D/${1%%.*}.log")"
	c "$1" status | grep -q "^LOG  *$2" || fail "$1: status: $(c "$1" status)"
	c "$1" view R-1 | grep -q kept || fail "$1: reading stopped"
}
leave() { # NAME SENTENCE: the exit path
	end "$1"
	[ "$status" = 1 ] || fail "$1: exit code $status"
	tail -n 1 "$D/$1.log" | grep -q "not stored: [1-9][0-9]* bytes ($2)" || fail "$1: last line: $(tail -n 1 "$D/$1.log")"
}

for engine in uring epoll; do
	disk $engine || { say "no loop mounts here"; exit 77; }
	name=$engine.disk/a
	key "$name"
	port=$(free_port)
	CAIRN_ENGINE=$engine run $engine "$O/cairnd" -d "$D/$name" --callsign Q1AAA-1 --port "door=listen:127.0.0.1:$port"
	until_ok 30 answers "$name" || fail "it does not start: $(cat "$D/$engine.log")"
	c "$name" note R-1 kept > /dev/null || fail "note"
	station n --callsign Q2BBB-1 --port "link=tcp:127.0.0.1:$port"
	until_ok 30 has_record n R-1 || fail "no neighbour"
	end n; rm -rf "$D/n"
	spoil $engine
	# (a loop device calls a write done if its front was)
	for (( i = 0; i < 4; i++ )); do c "$name" note R-1 "lost $text" > /dev/null 2>&1 || break; done
	[ $i -lt 4 ] || fail "$engine: notes are confirmed on a disk that cannot keep them"
	stopped "$name" '\(Input/output error\|No space left on device\)'
	# what it holds it still gives
	station n --callsign Q3CCC-1 --port "link=tcp:127.0.0.1:$port"
	until_ok 30 has_record n R-1 || fail "$engine: it gives nothing any more"
	end n; rm -rf "$D/n"
	leave $engine '\(Input/output error\|No space left on device\)'
done

disk ro || { say "no loop mounts here"; exit 77; }
key ro.disk/a
run ro "$O/cairnd" -d "$D/ro.disk/a" --callsign Q1AAA-1
until_ok 30 answers ro.disk/a || fail "it does not start: $(cat "$D/ro.log")"
c ro.disk/a note R-1 kept > /dev/null || fail "note"
mount -o remount,abort "$D/ro.disk" 2> /dev/null
c ro.disk/a note R-1 lost > /dev/null 2>&1 && fail "a note is confirmed on a read-only disk"
stopped ro.disk/a '.*'
leave ro '.*'
say "a limit, files cut short, failed syncs (uring, epoll), a read-only disk: said and survived"
