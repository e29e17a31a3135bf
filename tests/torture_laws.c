/* SPDX-License-Identifier: MIT
 *
 * What must hold of every log that was found after a crash.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/log/format.h"
#include "tests/torture.h"

#define CHANGES_MAX 400		/* of one recovery */

uint32_t world_dice(struct world *w, uint32_t sides)
{
	w->seed = w->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(w->seed >> 33) % sides;
}

void world_say(const struct world *w, const char *what)
{
	if (torture.verbose)
		printf("%*s# %s: %u batches sent, %u acknowledged\n",
		       2 + 2 * w->depth, "", what, w->sent.n_batches,
		       w->sent.acked);
}

static void world_wire(struct world *w, uint32_t segment_size)
{
	w->io = disk_io(&w->disk);
	w->options = (struct log_options){ .io = &w->io,
		.segment_size = segment_size, .key = torture_key,
		.topic = torture_topic };
	w->log = NULL;
	w->syncing = false;
	w->disk.trace = torture.verbose ? 1 + w->depth : 0;
}

void world_begin(struct world *w, uint32_t segment_size, uint64_t seed)
{
	disk_clear(&w->disk);
	w->seed = w->disk.seed = seed;
	w->sent.n_records = w->sent.n_batches = w->sent.acked = 0;
	memset(w->sent.seqs, 0, sizeof(w->sent.seqs));
	world_wire(w, segment_size);
}

static void sent_copy(struct sent *to, const struct sent *from)
{
	memcpy(to->records, from->records,
	       from->n_records * sizeof(from->records[0]));
	memcpy(to->batches, from->batches,
	       from->n_batches * sizeof(from->batches[0]));
	to->n_records = from->n_records;
	to->n_batches = from->n_batches;
	to->acked = from->acked;
	memcpy(to->seqs, from->seqs, sizeof(to->seqs));
}

void world_crash(struct world *w, struct world *from, enum disk_crash how,
		 uint64_t seed)
{
	static const char *const names[] = { "nothing survived",
		"all survived", "the last survived", "all but the last survived",
		"the dice", "killed" };

	world_note_acked(from);
	disk_crash(&w->disk, &from->disk, how, seed);
	sent_copy(&w->sent, &from->sent);
	w->seed = seed ^ 0x5eed;
	w->published = how == DISK_KILL && from->log;
	world_wire(w, from->options.segment_size);
	world_say(w, names[how]);
}

void world_note_acked(struct world *w)
{
	struct sent *s = &w->sent;
	uint64_t durable;

	if (!w->log)
		return;
	durable = log_durable(w->log);
	while (s->acked < s->n_batches &&
	       s->batches[s->acked].end <= durable)
		s->acked++;
}

/* ---- what is there ---- */

static uint32_t batch_first(const struct sent *s, uint32_t batch)
{
	return batch ? s->batches[batch - 1].records : 0;
}

bool sent_is(const struct sent_record *want, const struct log_record *r)
{
	const uint8_t *p = r->payload.p;
	uint32_t head = want->n < 8 ? 0 : 8;

	return r->slot == want->slot && r->type == want->type &&
		r->payload.n == want->n &&
		(!head || le_get(p, 8) == want->seq) &&
		(want->n == head || !memcmp(p + head, want->p, want->n - head));
}

static void check_record(const struct sent *s, uint32_t n, uint32_t batch,
			 const struct log_record *r)
{
	const struct sent_record *want = &s->records[n];

	if (n >= s->n_records)
		broken("a record that nobody wrote: slot %u after %u of %u",
		       r->slot, n, s->n_records);
	if (!sent_is(want, r))
		broken("record %u (of %u sent, %u batches acknowledged) is "
		       "not what was written there", n, s->n_records, s->acked);
	if (r->wall_ms != s->batches[batch].wall_ms)
		broken("record %u has another batch's time", n);
}

static void check_place(struct log *l, const struct log_record *r)
{
	struct log_record again;

	if (log_read(l, r->at, &again) || again.payload.p != r->payload.p ||
	    again.slot != r->slot)
		broken("a record is not where the iterator said");
}

/* Holds all records against what was sent; how many batches are there. */
static uint32_t check_records(struct world *w, struct log *l)
{
	const struct sent *s = &w->sent;
	struct log_snapshot *snap = log_snapshot(l);
	struct log_iter it = log_iter(snap, 0);
	struct log_record r;
	uint32_t n = 0, batch = 0;

	while (log_next(&it, &r) == 1) {
		while (batch < s->n_batches && n >= s->batches[batch].records)
			batch++;
		check_record(s, n, batch, &r);
		if (n % 16 == 0)
			check_place(l, &r);
		n++;
	}
	torture.records += n;
	if (it.damaged_bytes)
		broken("%llu damaged bytes in the way of a reader",
		       (unsigned long long)it.damaged_bytes);
	if (log_release(snap))
		broken("release says EIO");
	batch = 0;
	while (batch < s->n_batches && s->batches[batch].records <= n)
		batch++;
	if (batch_first(s, batch) != n)
		broken("%u records: the batch of %u to %u is there in part", n,
		       batch_first(s, batch), s->batches[batch].records);
	if (batch < s->acked)
		broken("%u of %u acknowledged batches are there", batch,
		       s->acked);
	return batch;
}

static void check_recovery(const struct log_recovery *rec, uint32_t records)
{
	if (rec->damaged_bytes)
		broken("recovery reports damage: %s", rec->note);
	if (rec->lost_segments)
		broken("recovery misses %llu segments",
		       (unsigned long long)rec->lost_segments);
	if (rec->records != records)
		broken("recovery counts %llu records, there are %u",
		       (unsigned long long)rec->records, records);
}

/* ---- opening ---- */

static void open_found(struct world *w, const struct log_recovery *rec)
{
	struct sent *s = &w->sent;

	s->n_batches = s->acked = check_records(w, w->log);
	s->n_records = batch_first(s, s->n_batches);
	for (uint32_t i = 0; i < s->n_batches; i++)
		s->batches[i].end = 0;
	check_recovery(rec, s->n_records);
	if (world_dice(w, 4) == 0)
		world_find(w, w->log);
	if (log_durable(w->log) != log_written(w->log))
		broken("what was recovered is not all published");
}

int world_open(struct world *w)
{
	uint64_t changes = w->disk.changes;
	struct log_recovery rec;
	struct log *l;
	int e;

	w->log = NULL;
	w->syncing = false;
	world_say(w, "open");
	torture.recoveries++;
	e = log_open(&l, TORTURE_DIR, &w->options, &rec);
	if (w->disk.changes - changes > CHANGES_MAX)
		broken("recovery made %llu changes",
		       (unsigned long long)(w->disk.changes - changes));
	if (e) {
		if (disk_held(&w->disk))
			broken("an open that failed holds %d descriptors and "
			       "maps", disk_held(&w->disk));
		return e;
	}
	w->log = l;
	open_found(w, &rec);
	return 0;
}

void world_abandon(struct world *w)
{
	if (!w->log)
		return;
	world_note_acked(w);
	world_say(w, "die");
	w->disk.dead = true;
	if (w->syncing)
		log_sync_end(w->log, -EIO);
	log_close(w->log);
	w->disk.dead = false;
	w->log = NULL;
	w->syncing = false;
	if (disk_held(&w->disk))
		broken("a closed log holds %d descriptors and maps",
		       disk_held(&w->disk));
}

void world_read_only(struct world *w)
{
	struct log_options o = w->options;
	uint64_t changes = w->disk.changes;
	struct log_recovery rec;
	uint32_t batches;
	struct log *l;
	int e;

	o.read_only = true;
	torture.opens++;
	e = log_open(&l, TORTURE_DIR, &o, &rec);
	if (e == -ENOENT && w->sent.acked == 0)
		return;
	if (e)
		broken("a reader cannot open: %s", strerror(-e));
	if (rec.damaged_bytes)
		broken("a reader is told of damage: %s", rec.note);
	if (rec.lost_segments)
		broken("a reader is told of lost segments");
	batches = check_records(w, l);
	if (w->published && batches != w->sent.acked)
		broken("a reader sees %u batches, %u are published", batches,
		       w->sent.acked);
	log_close(l);
	if (w->disk.changes != changes)
		broken("a reader wrote");
	if (disk_held(&w->disk))
		broken("a closed reader holds descriptors or maps");
}

void world_end(struct world *w)
{
	world_abandon(w);
}
