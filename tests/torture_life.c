/* SPDX-License-Identifier: MIT
 *
 * What happens to a log, by the dice: transactions of all sizes, syncs in one
 * go and around commits, rotations, clean ends, kills, power cuts, calls that
 * fail.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/log/format.h"
#include "tests/torture.h"

#define POOL_SIZE (1u << 20)

/* ---- payloads ---- */

/* Random bytes that payloads are cut from; no two begin at one place. */
static const uint8_t *pool_take(struct world *w)
{
	static uint8_t pool[POOL_SIZE + LOG_RECORD_MAX];
	static bool filled;
	uint64_t x = 88172645463325252ULL;

	for (size_t i = 0; !filled && i < sizeof(pool); i++) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		pool[i] = (uint8_t)(x >> 56);
	}
	filled = true;
	return pool + world_dice(w, POOL_SIZE);
}

/* What is left of the segment for one transaction. */
static uint32_t room_left(const struct world *w)
{
	uint32_t at = position_offset(log_written(w->log)) + 3 * BATCH_ALIGN;

	return at < w->options.segment_size ? w->options.segment_size - at : 0;
}

static uint32_t size_edge(struct world *w)
{
	static const uint16_t sizes[] = { 0, 0, 1, 7, 8, 9, 15, 16, 31, 47,
		48, 49, 63, 64, 65, 111, 112, 113, 200, 239, 240, 431, 432,
		433, 447, 448, 449, 495, 496, 497, 511, 512, 513, 1023, 1024,
		3935, 3936, 4015, 4016, 4017, 4095, 4096, 4097 };

	return sizes[world_dice(w, sizeof(sizes) / sizeof(*sizes))];
}

static uint32_t size_pick(struct world *w)
{
	uint32_t room = room_left(w);

	switch (world_dice(w, 24)) {
	case 0:		/* as big as it gets */
		return LOG_RECORD_MAX - world_dice(w, 3);
	case 1:		/* as much as the segment takes, or nearly */
		room -= room < 200 ? room : 80 + world_dice(w, 136);
		return room < LOG_RECORD_MAX ? room : LOG_RECORD_MAX;
	case 2: case 3:
		return world_dice(w, 9000);
	case 4: case 5: case 6: case 7:
		return world_dice(w, 700);
	default:
		return size_edge(w);
	}
}

/* ---- a transaction ---- */

static uint16_t type_pick(struct world *w)
{
	switch (world_dice(w, 32)) {
	case 0:
		return TORTURE_CUT;
	case 1: case 2: case 3: case 4:
		return TORTURE_MARK;
	case 5: case 6: case 7:
		return (uint16_t)(4 + world_dice(w, 60000));
	default:
		return TORTURE_ITEM;
	}
}

/* Mostly the next one; sometimes one that was there, and cuts go back. */
static uint64_t seq_pick(struct world *w, const struct sent_record *r)
{
	uint64_t *last = &w->sent.seqs[r->slot];

	if (r->type == TORTURE_MARK)
		return *last + 1;
	if (*last && (r->type == TORTURE_CUT || world_dice(w, 16) == 0))
		return 1 + world_dice(w, (uint32_t)*last);
	return ++*last;
}

static int append_one(struct world *w)
{
	struct sent *s = &w->sent;
	struct sent_record *r = &s->records[s->n_records];
	uint32_t head;
	uint8_t seq[8];
	int e;

	r->n = size_pick(w);
	r->p = pool_take(w);
	r->type = type_pick(w);
	r->slot = world_dice(w, r->type <= TORTURE_CUT ? TORTURE_SLOTS :
			     UINT32_MAX);
	r->seq = r->type <= TORTURE_CUT ? seq_pick(w, r) : 0;
	head = r->n < 8 ? 0 : 8;
	le_put(seq, 8, r->seq);
	e = log_append2(w->log, r->type, r->slot, SPAN(seq, head),
			SPAN(r->p, r->n - head));
	if (!e)
		s->n_records++;
	return e;
}

static uint32_t count_pick(struct world *w)
{
	switch (world_dice(w, 8)) {
	case 0:
		return 1 + world_dice(w, 40);
	case 1: case 2:
		return 1 + world_dice(w, 6);
	default:
		return 1;
	}
}

/* It may be there from now on; where it ends is not known yet. */
static struct sent_batch *batch_send(struct world *w)
{
	struct sent *s = &w->sent;
	struct sent_batch *b = &s->batches[s->n_batches++];

	*b = (struct sent_batch){ s->n_records,
		1000 + world_dice(w, 1u << 30), NEVER };
	return b;
}

static void batch_take_back(struct world *w, uint32_t records)
{
	w->sent.n_batches--;
	w->sent.n_records = records;
	log_abort(w->log);
}

/* A full disk leaves the transaction to be tried again or given up. */
static void batch_commit(struct world *w, uint32_t records)
{
	struct sent_batch *b = batch_send(w);
	uint64_t end;
	int e;

	world_say(w, "commit");
	e = log_commit(w->log, b->wall_ms, &end);
	if (e && !log_failed(w->log) && world_dice(w, 2)) {
		w->disk.fault_in = 0;
		e = log_commit(w->log, b->wall_ms, &end);
	}
	if (!e)
		b->end = end;
	else if (!log_failed(w->log))
		batch_take_back(w, records);
}

void life_batch(struct world *w)
{
	uint32_t records = w->sent.n_records;

	for (uint32_t n = count_pick(w); n > 0; n--)
		if (append_one(w))
			break;
	if (w->sent.n_records == records)
		return;
	if (world_dice(w, 24) == 0) {
		log_abort(w->log);
		w->sent.n_records = records;
		return;
	}
	batch_commit(w, records);
	world_note_acked(w);
}

/* ---- syncs ---- */

/* The harshest that is allowed: what is written after the sync began is not in
 * it. */
static void sync_begin(struct world *w)
{
	int fd;

	if (log_sync_begin(w->log, &fd))
		return;
	w->syncing = true;
	w->sync_result = w->io.fdatasync(w->io.ctx, fd);
}

static void sync_end(struct world *w)
{
	if (!w->syncing)
		return;
	w->syncing = false;
	log_sync_end(w->log, w->sync_result);
	world_note_acked(w);
}

int life_sync(struct world *w)
{
	int e;

	sync_end(w);
	e = log_sync(w->log);
	world_note_acked(w);
	return e;
}

/* ---- ends and beginnings ---- */

static void faults_end(struct world *w)
{
	w->disk.fault_in = w->disk.fault_error = 0;
	w->disk.fail_sync = false;
}

/* A start that met a fault is tried again without one. */
static void start(struct world *w)
{
	int e = world_open(w);

	if (e && !w->disk.fault_error)
		broken("it does not open: %s", strerror(-e));
	if (!e)
		return;
	faults_end(w);
	e = world_open(w);
	if (e)
		broken("it does not open after a fault: %s", strerror(-e));
}

static void stop(struct world *w)
{
	int e, failed;

	world_say(w, "close");
	sync_end(w);
	if (world_dice(w, 6) == 0 && !life_sync(w)) {	/* CLEAN's own sync */
		w->disk.fail_sync = true;
		w->disk.fault_error = -EIO;
	}
	failed = log_failed(w->log);
	e = log_close(w->log);
	w->log = NULL;
	if (!e) {
		w->sent.acked = w->sent.n_batches;
		if (failed)
			broken("a failed log closes well");
	} else if (!w->disk.fault_error) {
		broken("it does not close: %s", strerror(-e));
	}
	if (disk_held(&w->disk))
		broken("a closed log holds %d descriptors and maps",
		       disk_held(&w->disk));
}

static void restart(struct world *w)
{
	if (world_dice(w, 2))
		stop(w);
	else
		world_abandon(w);
	start(w);
}

static void power_cut(struct world *w)
{
	world_abandon(w);
	disk_power_cut(&w->disk);
	world_say(w, "power cut");
	start(w);
}

static void fault(struct world *w)
{
	static const int errors[] = { -EIO, -ENOSPC, -EDQUOT, -EROFS };

	w->disk.fault_in = 1 + world_dice(w, 12);
	w->disk.fault = DISK_ERROR + world_dice(w, 3);
	if (world_dice(w, 2))
		w->disk.fault = DISK_ERROR;
	w->disk.fault_error = errors[world_dice(w, 4)];
}

bool life_act(struct world *w)
{
	if (!w->log) {
		start(w);
		return true;
	}
	if (log_failed(w->log)) {
		if (!w->disk.fault_error)
			broken("it failed by itself: %s",
			       strerror(-log_failed(w->log)));
		restart(w);
		return true;
	}
	if (w->sent.n_records + 64 > RECORDS_MAX ||
	    w->sent.n_batches + 8 > BATCHES_MAX)
		return false;
	switch (world_dice(w, 48)) {
	case 0: case 1:
		restart(w);
		break;
	case 2:
		power_cut(w);
		break;
	case 3:
		fault(w);
		break;
	case 4:
		w->disk.fail_sync = true;
		w->disk.fault_error = -EIO;
		break;
	case 5: case 6: case 7: case 8: case 9:
		log_prepare(w->log);
		break;
	case 10: case 11: case 12: case 13: case 14: case 15: case 16:
		life_sync(w);
		break;
	case 17: case 18: case 19: case 20:
		sync_begin(w);
		break;
	case 21: case 22: case 23: case 24:
		sync_end(w);
		break;
	case 25:
		if (w->log && w->sent.n_records)
			world_find(w, w->log);
		break;
	default:
		life_batch(w);
	}
	return true;
}
