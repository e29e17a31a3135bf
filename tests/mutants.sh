#!/bin/bash
# SPDX-License-Identifier: MIT
# mutants.sh [NAME...]: lib/log with one deliberate fault each, on the disk of
# torture_log: every one must be caught, and the patches of the others fit. A mutant is a patched copy of one file
# in a temporary folder; what the unmutated code does is the first line.
set -u
cd "$(dirname "$0")/.." || exit 2
O=${O:-build} CC=${CC:-gcc}
case $O in *san*|*fuzz*) echo "not with sanitizers"; exit 77 ;; esac
HISTORIES=${HISTORIES:-400}
D=$(mktemp -d) || exit 2
trap 'rm -rf "$D"' EXIT
bad=0 caught=0

# NAME FILE SED...: what is broken, where, how
list() { cat << 'END'
publish_before_sync|append.c|s/^\tl->syncing_to = l->written;$/&\n\ttail_publish(l, l->written);/
no_sync|append.c|s/log_sync_end(l, l->io->fdatasync(l->io->ctx, fd))/log_sync_end(l, 0)/
no_crc_seed|batch.c|s/^\treturn crc32c(crc32c(0, log_id, 16), &number, sizeof(number));/\t(void)log_id;\n\t(void)number;\n\treturn 0;/
no_log_id_in_seed|batch.c|s/crc32c(crc32c(0, log_id, 16), &number, sizeof(number))/(log_id, crc32c(0, \&number, sizeof(number)))/
no_rewrite_at_recovery|recover.c|s/e = log_rewrite(l, w->synced_end, w->end);/e = 0;/
no_sync_at_recovery|append.c|/^int log_shorten/,/^}/s/int e = log_datasync(l);/int e = 0;/
rename_without_folder_sync|segment.c|s/e = l->io->fsync_dir(l->io->ctx, l->dir);/e = 0;/
append_behind_a_crash|recover.c|s/if (!w->sealed \&\& recover_is_clean(w) \&\& s->size == l->segment_size)/if (!w->sealed)/
chain_without_record_crcs|recover.c|/^void segment_walk/,/^}/s/walk_next(&v, w, true)/walk_next(\&v, w, false)/
no_sync_before_the_name|segment.c|s/return e ? e : log_settle(l, fd);/return e;/; s/return l->io->fdatasync(l->io->ctx, fd);/return 0;/
torn_is_damage|recover.c|s/!(acknowledged || walk_proven(v, w))/0/
damage_is_torn|recover.c|s/l->synced_seq = w->next_seq - 1;/&/; s/^\tl->synced_seq = w->synced_seq;/\tl->synced_seq = w->next_seq - 1;/
close_without_sync|open.c|s/int e = log_sync(l);/int e = 0;/
resume_without_sync|append.c|/^static int log_resume/,/^}/s/return e ? e : log_datasync(l);/return e;/
seal_without_sync|append.c|s/int e = log_settle(l, l->fd);/int e = 0;/
names_not_synced_at_open|recover.c|s/int e = l->ring_bytes ? 0 : l->io->fsync_dir(l->io->ctx, l->dir);/int e = 0;/
seal_trusted_at_open|recover.c|s/^\tif (!w->sealed \&\& recover_is_clean/\tif (w->sealed)\n\t\treturn log_segment_begin(l);\n&/
folder_not_synced|open.c|s/return l->io->fsync_dir(l->io->ctx, slash ? above : ".");/return 0;/
failed_sync_hidden_by_a_rotation|append.c|s/return log_syncing_here(l) ? log_rewrite(l, from, l->offset) : 0;/(void)from;\n\treturn 0;/
descriptor_lost|append.c|s/return l->syncing \&\& l->retired_fd < 0;/return l->syncing;/
retry_after_a_failed_sync|append.c|s/^\t\treturn log_fail(l, result);/\t\treturn result;/
clean_trusted_at_open|append.c|s/int e = l->clean ? log_rewrite.*/int e = l->clean ? 0 :/
lock_id_without_crc|open.c|s/f.id_crc != crc32c(0, f.log_id, 16)/0/
index_of_a_part|index_file.c|s/!index_complete(s->index, s)/false/
index_behind_the_seal|find.c|s/if (h->flags \& BATCH_SEAL).*/if (0)/
tail_of_another_boot|tail.c|s/memcmp(t->boot_id, boot, 40) == 0/true/
reader_beyond_the_tail|read.c|s/^\ts->tail = l->durable;$/\ts->tail = l->durable + 4096;/
END
}

# The compiler's and the linker's words are only of use when they fail.
build() {
	$CC -std=gnu17 -D_GNU_SOURCE -I. -O1 -w -c -o "$D/mutant.o" "$1" &&
	$CC -pie -o "$D/torture" "$O"/tests/torture_{log,life,laws,find}.o \
		"$O"/tests/disk{,_file,_crash}.o "$D/mutant.o" "$O/libcairn.a" -lsodium -pthread
}

patch() {
	sed "$3" "lib/log/$2" > "$D/$2"
	! cmp -s "lib/log/$2" "$D/$2" && return
	echo "$1: the patch does not fit lib/log/$2"; bad=1
	return 1
}

try() {
	local name=$1 file=$2 start
	build "$D/$file" 2> "$D/errors" || { cat "$D/errors"; echo "$name: does not build"; bad=1; return; }
	start=$(date +%s%N)
	if "$D/torture" 1 "$HISTORIES" > "$D/out"; then
		echo "$name: SURVIVED: $(tail -n 1 "$D/out")"; bad=1
	else
		caught=$((caught + 1))
		printf '%-32s %5d ms  %s; %s\n' "$name" $(( ($(date +%s%N) - start) / 1000000 )) \
			"$(grep -m1 BROKEN "$D/out")" "$(grep -m1 history "$D/out" | sed 's/^ *//')"
	fi
}

while IFS='|' read -r name file patch; do
	patch "$name" "$file" "$patch" || continue
	[ $# = 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
	try "$name" "$file"
done < <(list)
echo "$caught mutants caught"
exit $bad
