/* SPDX-License-Identifier: MIT
 *
 * The index answers as a scan would.
 *
 * Records of the types ITEM, MARK and CUT begin with their seq, 8 bytes; an
 * item's next 8 are its id.
 */
#include <errno.h>
#include <string.h>
#include "tests/torture.h"

#define SEQS 8192u
#define TOPICS 4u

void torture_key(uint16_t type, struct span payload, struct log_key *k)
{
	if (payload.n < 8 || type > TORTURE_CUT)
		return;
	k->seq = le_get(payload.p, 8);
	if (type == TORTURE_ITEM)
		k->id = payload.n >= 16 ? payload.p + 8 : NULL;
	k->type = type == TORTURE_ITEM ? LOG_KEY_ITEM :
		type == TORTURE_MARK ? LOG_KEY_MARK : LOG_KEY_CUT;
}

uint32_t torture_topic(uint16_t type, struct span payload)
{
	return type == TORTURE_ITEM && payload.n >= 8 ?
		1 + (uint32_t)(le_get(payload.p, 8) % TOPICS) : 0;
}

static void find_item(struct log *l, const struct sent_record *want, bool gone)
{
	struct log_record r;
	int e = log_find(l, want->slot, want->seq, &r);

	if (gone ? e != -ENOENT : e != 0)
		broken("find: slot %u seq %llu is %d, but it is %s",
		       want->slot, (unsigned long long)want->seq, e,
		       gone ? "void" : "there");
	if (!gone && !sent_is(want, &r))
		broken("find: slot %u seq %llu is another record", want->slot,
		       (unsigned long long)want->seq);
}

static void find_id(struct log *l, const struct sent_record *want)
{
	struct log_record r;
	int e;

	if (want->n < 16)
		return;
	e = log_find_id(l, want->p, &r);
	if (e || r.payload.n < 16 || memcmp(r.payload.p + 8, want->p, 8) != 0)
		broken("find: an id is not found: %d", e);
}

/* A mark at or above the one asked for, and it stands. */
static void find_mark(struct log *l, const struct sent_record *want, bool gone)
{
	struct log_record r;
	int e = log_find_mark(l, want->slot, want->seq, &r);

	if (!gone && e)
		broken("find: the mark %u at %llu is not found: %d",
		       want->slot, (unsigned long long)want->seq, e);
	if (!e && (r.slot != want->slot || r.type != TORTURE_MARK ||
		   le_get(r.payload.p, 8) < want->seq))
		broken("find: a mark is another record");
}

struct topic_walk {
	const struct world *w;
	uint32_t topic, next;
};

static const struct sent_record *topic_next(struct topic_walk *t)
{
	while (t->next < t->w->sent.n_records) {
		const struct sent_record *r = &t->w->sent.records[t->next++];

		if (r->type == TORTURE_ITEM && r->n >= 8 &&
		    1 + r->seq % TOPICS == t->topic)
			return r;
	}
	return NULL;
}

static int topic_met(void *ctx, const struct log_record *r)
{
	struct topic_walk *t = ctx;
	const struct sent_record *want = topic_next(t);

	if (!want || !sent_is(want, r))
		broken("find: topic %u has another record", t->topic);
	return 0;
}

static void find_topic(const struct world *w, struct log *l, uint32_t topic)
{
	struct topic_walk t = { .w = w, .topic = topic };
	int e = log_topic(l, topic, topic_met, &t);

	if (e || topic_next(&t))
		broken("find: topic %u lacks a record: %d", topic, e);
}

/* From the last record to the first: what is met first is what is found, if
 * no cut was met before it. */
void world_find(const struct world *w, struct log *l)
{
	static uint32_t met[TORTURE_SLOTS][SEQS], walk;
	uint64_t cut[TORTURE_SLOTS];

	memset(cut, 0xff, sizeof(cut));
	walk++;
	for (uint32_t n = w->sent.n_records; n-- > 0;) {
		const struct sent_record *r = &w->sent.records[n];
		bool gone;

		if (r->n < 8 || r->type > TORTURE_CUT)
			continue;
		gone = r->seq >= cut[r->slot];
		if (r->type == TORTURE_CUT && r->seq < cut[r->slot])
			cut[r->slot] = r->seq;
		if (r->type == TORTURE_MARK)
			find_mark(l, r, gone);
		if (r->type != TORTURE_ITEM)
			continue;
		find_id(l, r);
		if (met[r->slot][r->seq % SEQS] != walk)
			find_item(l, r, gone);
		met[r->slot][r->seq % SEQS] = walk;
	}
	for (uint32_t topic = 1; topic <= TOPICS; topic++)
		find_topic(w, l, topic);
	torture.finds += w->sent.n_records;
}
