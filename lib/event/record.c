/* SPDX-License-Identifier: MIT
 *
 * The records of record.h. Lengths are exact: a record with bytes to spare is
 * no record.
 */
#include <errno.h>
#include "lib/event/record.h"

size_t record_event_encode(uint8_t *dst, const struct event *e)
{
	struct wr w = wr_init(dst, RECORD_EVENT_HEAD + e->payload.n);

	wr_le(&w, 8, e->seq);
	wr_le(&w, 6, e->hlc.wall_ms);
	wr_le(&w, 2, e->hlc.counter);
	wr_le(&w, 2, e->kind);
	wr_le(&w, 2, (e->withheld ? RECORD_FLAG_WITHHELD : 0) |
		     (e->by_ip ? RECORD_FLAG_IP : 0));
	wr_le(&w, 4, 0);
	wr_bytes(&w, SPAN(e->id, EVENT_ID_SIZE));
	wr_bytes(&w, e->payload);
	return w.len;
}

int record_event_decode(struct span s, struct event *e)
{
	struct rd r = rd_init(s);
	uint64_t flags;

	e->seq = rd_le(&r, 8);
	e->hlc.wall_ms = rd_le(&r, 6);
	e->hlc.counter = (uint32_t)rd_le(&r, 2);
	e->kind = (uint16_t)rd_le(&r, 2);
	flags = rd_le(&r, 2);
	rd_le(&r, 4);
	rd_copy(&r, e->id, EVENT_ID_SIZE);
	e->payload = rd_rest(&r);
	e->withheld = flags & RECORD_FLAG_WITHHELD;
	e->by_ip = flags & RECORD_FLAG_IP;
	if (r.bad || e->seq == 0 ||
	    flags > (RECORD_FLAG_WITHHELD | RECORD_FLAG_IP) ||
	    e->payload.n > EVENT_PAYLOAD_MAX ||
	    (e->withheld && e->payload.n != 32))
		return -EINVAL;
	return 0;
}

void record_seal_encode(uint8_t dst[RECORD_SEAL_SIZE], uint64_t seq,
			const uint8_t id[32], const uint8_t seal[64])
{
	struct wr w = wr_init(dst, RECORD_SEAL_SIZE);

	wr_le(&w, 8, seq);
	wr_bytes(&w, SPAN(id, EVENT_ID_SIZE));
	wr_bytes(&w, SPAN(seal, EVENT_SEAL_SIZE));
}

int record_seal_decode(struct span s, uint64_t *seq, uint8_t id[32],
		       uint8_t seal[64])
{
	struct rd r = rd_init(s);

	*seq = rd_le(&r, 8);
	rd_copy(&r, id, EVENT_ID_SIZE);
	rd_copy(&r, seal, EVENT_SEAL_SIZE);
	return r.bad || rd_left(&r) || *seq == 0 ? -EINVAL : 0;
}

#define FRAME_SENT 1
#define FRAME_NAMED 2

size_t record_frame_encode(uint8_t *dst, const struct record_frame *f)
{
	struct wr w = wr_init(dst, RECORD_FRAME_HEAD_MAX + f->frame.n);
	bool named = f->name.n && f->name.n <= RECORD_FRAME_NAME_MAX;

	wr_le(&w, 6, f->wall_ms);
	wr_u8(&w, f->port);
	wr_u8(&w, (uint8_t)((f->sent ? FRAME_SENT : 0) |
			    (named ? FRAME_NAMED : 0)));
	wr_le(&w, 2, f->verdict);
	wr_le(&w, 2, f->link);
	if (named) {
		wr_u8(&w, (uint8_t)f->name.n);
		wr_bytes(&w, f->name);
	}
	wr_bytes(&w, f->frame);
	return w.len;
}

int record_frame_decode(struct span s, struct record_frame *f)
{
	struct rd r = rd_init(s);
	uint8_t flags;

	f->wall_ms = rd_le(&r, 6);
	f->port = rd_u8(&r);
	flags = rd_u8(&r);
	f->sent = flags & FRAME_SENT;
	f->verdict = (uint16_t)rd_le(&r, 2);
	f->link = (uint16_t)rd_le(&r, 2);
	f->name = SPAN(NULL, 0);
	if (flags & FRAME_NAMED)
		f->name = rd_bytes(&r, rd_u8(&r));
	f->frame = rd_rest(&r);
	return r.bad || f->name.n > RECORD_FRAME_NAME_MAX ? -EINVAL : 0;
}
