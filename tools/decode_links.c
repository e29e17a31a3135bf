/* SPDX-License-Identifier: MIT
 *
 * Links that count modulo 128. A frame does not say so: its link does, from
 * SABME until SABM, DISC or DM. The last LINKS_MAX are followed; of those
 * whose SABME was not seen nothing is known, and modulo 8 is assumed.
 */
#include <stdlib.h>
#include "tools/decode.h"

#define LINKS_MAX 32
#define POLL_FINAL 0x10
#define SABM 0x2f
#define SABME 0x6f
#define DISC 0x43
#define DM 0x0f

struct link {
	struct ax25_address a, b;
	bool used;
};

struct decode_links {
	struct link links[LINKS_MAX];
	unsigned at;	/* the next to be taken */
};

struct decode_links *decode_links_new(void)
{
	struct decode_links *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	return l;
}

void decode_links_free(struct decode_links *l)
{
	free(l);
}

/* Either way round. */
static struct link *find(struct decode_links *l, const struct ax25_frame *f)
{
	for (struct link *k = l->links; k < l->links + LINKS_MAX; k++)
		if (k->used &&
		    ((ax25_address_equal(&k->a, &f->source) &&
		      ax25_address_equal(&k->b, &f->dest)) ||
		     (ax25_address_equal(&k->b, &f->source) &&
		      ax25_address_equal(&k->a, &f->dest))))
			return k;
	return NULL;
}

static void follow(struct decode_links *l, const struct ax25_frame *f)
{
	uint8_t control = f->control & (uint8_t)~POLL_FINAL;
	struct link *k = find(l, f);

	if (control == SABME && !k) {
		l->links[l->at] = (struct link){ f->source, f->dest, true };
		l->at = (l->at + 1) % LINKS_MAX;
	} else if (k && (control == SABM || control == DISC || control == DM)) {
		k->used = false;
	}
}

void decode_links_add(struct decode_links *l, struct decoded *d)
{
	if (!d->has_ax25)
		return;
	if (d->ax25.type == AX25_U)
		follow(l, &d->ax25);
	else if (d->ax25.type != AX25_UI && find(l, &d->ax25))
		decode_ax25_extended(d);
}
