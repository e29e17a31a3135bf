/* SPDX-License-Identifier: MIT
 *
 * AGWPE's frames: see agw.h.
 */
#include "ax25/agw.h"
#include <errno.h>

#define AT_KIND 4
#define AT_LENGTH 28

void agw_decoder_init(struct agw_decoder *d,
		      void (*frame)(void *, const struct agw_frame *),
		      void *ctx)
{
	d->len = 0;
	d->frame = frame;
	d->ctx = ctx;
}

/* Of the frame at hand, as far as its head is there. */
static size_t agw_wanted(const struct agw_decoder *d)
{
	return AGW_HEAD + (d->len < AGW_HEAD ? 0 :
			   le_get(d->buf + AT_LENGTH, 4));
}

static void agw_tell(struct agw_decoder *d)
{
	const struct agw_frame f = {
		.radio = d->buf[0], .kind = d->buf[AT_KIND],
		.data = SPAN(d->buf + AGW_HEAD, d->len - AGW_HEAD),
	};

	d->len = 0;
	d->frame(d->ctx, &f);
}

int agw_decode(struct agw_decoder *d, struct span bytes)
{
	while (bytes.n) {
		size_t n = agw_wanted(d) - d->len;

		if (n > bytes.n)
			n = bytes.n;
		memcpy(d->buf + d->len, bytes.p, n);
		d->len += n;
		bytes = SPAN(bytes.p + n, bytes.n - n);
		if (agw_wanted(d) > sizeof(d->buf))
			return -EMSGSIZE;
		if (d->len == agw_wanted(d))
			agw_tell(d);
	}
	return 0;
}

void agw_encode(struct wr *w, uint8_t radio, enum agw_kind kind,
		struct span data)
{
	uint8_t head[AGW_HEAD] = { radio, [AT_KIND] = (uint8_t)kind };

	le_put(head + AT_LENGTH, 4, data.n);
	wr_bytes(w, SPAN(head, sizeof(head)));
	wr_bytes(w, data);
}
