/* SPDX-License-Identifier: MIT
 *
 * What is told of feeds: see told.h.
 */
#include "lib/feed/told.h"
#include <stdio.h>

/* ---- the present ---- */

static uint64_t second_stamp_ms(const struct feed_set *s, uint32_t own)
{
	uint64_t first = 0, second = 0;

	for (uint32_t i = 0; i < feed_count(s); i++) {
		uint64_t ms = feed_at(s, i)->hlc_max.wall_ms;

		if (i == own)
			continue;
		if (ms > first) {
			second = first;
			first = ms;
		} else if (ms > second) {
			second = ms;
		}
	}
	return second;
}

uint64_t feed_present_ms(const struct feed_set *s, uint32_t own,
			 struct clock_now now)
{
	uint64_t others_ms;

	if (now.wall_good)
		return now.wall_ms;
	others_ms = second_stamp_ms(s, own);
	return others_ms > now.wall_ms ? others_ms : now.wall_ms;
}

/* ---- pages ---- */

static uint32_t page_end(const struct feed_set *s, uint32_t from)
{
	uint32_t n = feed_count(s);

	return from < n && n - from > FEEDS_PAGE ? from + FEEDS_PAGE : n;
}

static void feed_json(const struct feed_set *s, uint32_t slot,
		      uint64_t present_ms, struct json_out *o)
{
	const struct feed *f = feed_at(s, slot);
	uint32_t next = feed_successor(s, slot);
	bool shared = feed_call_shared(s, slot);
	char alias[9];

	snprintf(alias, sizeof(alias), "%08x", f->alias);
	json_out_object(o);
	json_out_kv_string(o, "callsign", f->call);
	json_out_kv_string(o, "author", f->label);
	json_out_kv_string(o, "alias", alias);
	json_out_kv_uint(o, "head", f->head);
	json_out_kv_hex(o, "head_id", SPAN(f->head_id, EVENT_ID_SIZE));
	json_out_kv_uint(o, "events", f->events);
	json_out_kv_uint(o, "bytes", f->bytes);
	json_out_kv_uint(o, "stamp_max_ms", f->hlc_max.wall_ms);
	json_out_kv_uint(o, "ahead_s", feed_ahead_s(f, present_ms));
	json_out_kv_bool(o, "forked", f->forked);
	json_out_kv_bool(o, "retired", f->retired_at != 0);
	json_out_kv_string(o, "next", next == FEED_SLOT_NONE ? "" :
			   feed_at(s, next)->label);
	json_out_kv_bool(o, "call_shared", shared);
	json_out_kv_string(o, "notes", f->retired_at ? "retired" :
			   shared ? "call sign claimed by two" : "");
	json_out_end_object(o);
}

void feeds_json(const struct feed_set *s, uint32_t from, struct clock_now now,
		struct json_out *o)
{
	uint64_t present_ms = feed_present_ms(s, FEED_SLOT_NONE, now);

	if (from >= feed_count(s)) {
		json_out_null(o);
		return;
	}
	json_out_array(o);
	for (uint32_t i = from; i < page_end(s, from); i++)
		if (feed_at(s, i)->label_len)
			feed_json(s, i, present_ms, o);
	json_out_end_array(o);
}

static void fork_json(const struct feed_set *s, uint32_t slot,
		      struct json_out *o)
{
	const struct feed_seal *proof = feed_proof(s, slot);
	const struct feed *f = feed_at(s, slot);

	json_out_object(o);
	json_out_kv_string(o, "callsign", f->call);
	json_out_kv_string(o, "author", f->label);
	json_out_kv_uint(o, "head", f->head);
	json_out_kv_hex(o, "head_id", SPAN(f->head_id, EVENT_ID_SIZE));
	if (proof) {
		json_out_kv_uint(o, "other_seq", proof->seq);
		json_out_kv_hex(o, "other_id", SPAN(proof->id, EVENT_ID_SIZE));
	}
	json_out_kv_uint(o, "displaced", f->events - feed_own_last(s, slot));
	json_out_end_object(o);
}

void forks_json(const struct feed_set *s, uint32_t from, struct json_out *o)
{
	if (from >= feed_count(s)) {
		json_out_null(o);
		return;
	}
	json_out_array(o);
	for (uint32_t i = from; i < page_end(s, from); i++)
		if (feed_at(s, i)->forked)
			fork_json(s, i, o);
	json_out_end_array(o);
}
