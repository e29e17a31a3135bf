/* SPDX-License-Identifier: MIT
 *
 * The flight recorder: see flight.h.
 */
#include "daemon/flight.h"
#include <errno.h>
#include <stdlib.h>
#include "kiss/codec.h"
#include "lib/log/log.h"

struct flight {
	struct log *log;
	size_t pending_bytes;
	uint64_t lost;		/* frames that could not be written */
	uint8_t record[RECORD_FRAME_HEAD_MAX + KISS_FRAME_MAX];
};

struct flight *flight_open(const char *dir, int *error)
{
	struct log_options o = { .segment_size = 1u << 20,
				 .ring_bytes = FLIGHT_BYTES_MAX };
	struct flight *f = calloc(1, sizeof(*f));
	struct log_recovery rec;

	if (!f)
		return *error = -ENOMEM, NULL;
	*error = log_open(&f->log, dir, &o, &rec);
	if (*error) {
		free(f);
		return NULL;
	}
	return f;
}

void flight_close(struct flight *f)
{
	if (!f)
		return;
	log_close(f->log);
	free(f);
}

void flight_add(struct flight *f, const struct record_frame *frame)
{
	struct record_frame cut = *frame;
	size_t n;

	if (!f)
		return;
	if (cut.frame.n > KISS_FRAME_MAX)
		cut.frame.n = KISS_FRAME_MAX;
	n = record_frame_encode(f->record, &cut);
	if (log_append(f->log, RECORD_FRAME, 0, SPAN(f->record, n)))
		f->lost++;
	f->pending_bytes += n;
	if (f->pending_bytes >= FLIGHT_FLUSH_BYTES)
		flight_flush(f, frame->wall_ms);
}

void flight_flush(struct flight *f, uint64_t wall_ms)
{
	uint64_t end;

	if (!f || !f->pending_bytes)
		return;
	f->pending_bytes = 0;
	if (log_commit(f->log, wall_ms, &end))
		f->lost++;
	log_start_write(f->log);
}

uint64_t flight_lost(const struct flight *f)
{
	return f ? f->lost : 0;
}
