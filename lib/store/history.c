/* SPDX-License-Identifier: MIT
 *
 * History from the log: see history.h.
 */
#include "lib/store/history.h"
#include <errno.h>
#include "lib/base/crc32c.h"
#include "lib/event/meshlog.h"
#include "lib/event/payload.h"
#include "lib/event/record.h"

void history_key(uint16_t type, struct span payload, struct log_key *k)
{
	static const enum log_key_type types[] = {
		[RECORD_EVENT] = LOG_KEY_ITEM, [RECORD_SEAL] = LOG_KEY_MARK,
		[RECORD_DISPLACED] = LOG_KEY_CUT,
	};

	if (type >= sizeof(types) / sizeof(types[0]) || payload.n < 8)
		return;
	k->type = types[type];
	k->seq = le_get(payload.p, 8);
	if (type == RECORD_EVENT && payload.n >= RECORD_EVENT_HEAD)
		k->id = payload.p + RECORD_EVENT_ID;
}

/* ---- topics ---- */

uint32_t history_topic(uint16_t type, struct span payload)
{
	struct event e;

	return type != RECORD_EVENT || record_event_decode(payload, &e) ? 0 :
		history_topic_of(history_subject(&e));
}

static enum payload_key subject_key(uint16_t kind)
{
	return kind == KIND_STATION ? KEY_KEY :
	       kind >= KIND_DOC_INSERT && kind <= KIND_DOC_DELETE ? KEY_DOC :
	       KEY_RECORD;
}

struct span history_subject(const struct event *e)
{
	struct span payload = e->payload;
	struct payload_value v;
	struct meshlog m;

	if (e->withheld)
		return SPAN(NULL, 0);
	if (e->kind == KIND_IMPORT && !meshlog_import_parse(&m, payload))
		payload = m.e.payload;
	return payload_peek(payload, subject_key(e->kind), &v) &&
	       v.type == (e->kind == KIND_STATION ? PAYLOAD_BYTES :
			  PAYLOAD_TEXT) ? v.str : SPAN(NULL, 0);
}

uint32_t history_topic_of(struct span subject)
{
	uint32_t hash = crc32c(0, subject.p, subject.n);

	return subject.n == 0 ? 0 : hash ? hash : 1;
}

/* ---- the store ---- */

void history_init(struct history *h, struct log *log)
{
	*h = (struct history){ .log = log };
}

static int history_event(void *ctx, uint32_t slot, uint64_t seq,
			 struct event *e)
{
	const struct history *h = ctx;
	struct log_record r;
	int err = log_find(h->log, slot, seq, &r);

	if (!err && record_event_decode(r.payload, e))
		err = -EIO;
	return err;
}

static int history_seal(void *ctx, uint32_t slot, uint64_t seq,
			uint64_t *at, uint8_t seal[EVENT_SEAL_SIZE])
{
	const struct history *h = ctx;
	uint8_t id[EVENT_ID_SIZE];
	struct log_record r;
	int err = log_find_mark(h->log, slot, seq, &r);

	if (!err && record_seal_decode(r.payload, at, id, seal))
		err = -EIO;
	return err;
}

struct store history_store(struct history *h)
{
	return (struct store){ h, history_event, history_seal };
}

int history_scan(struct history *h, struct log_snapshot *s,
		 int (*fn)(void *ctx, const struct log_record *r), void *ctx)
{
	struct log_iter it = log_iter(s, h->next);
	struct log_record r;
	int e = 0;

	it.damage = log_damage_add;
	it.ctx = &h->damage;
	while (!e && log_next(&it, &r) == 1) {
		e = fn(ctx, &r);
		h->next = it.at;
		h->records++;
	}
	return e;
}
