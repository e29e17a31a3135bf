/* SPDX-License-Identifier: MIT
 *
 * What hostile stations send. Their frames are put together with our own
 * codecs where that makes them more plausible.
 */
#include "lib/base/crypto.h"
#include "lib/event/run.h"
#include "lib/event/station.h"
#include "lib/sync/generation.h"
#include "lib/sync/peer.h"
#include "tools/sim_hostile.h"

static uint64_t draw(struct sim_hostile *h, uint64_t n)
{
	return random_below(&h->rng, n);
}

static uint64_t draw_root(struct sim_hostile *h)
{
	return random_next(&h->rng) >> 16;
}

/* ---- frames ---- */

static bool heard_parse(struct sim_hostile *h, struct ax25_frame *f)
{
	const struct sim_frame *s;

	if (!h->n_heard)
		return false;
	s = &h->heard[draw(h, h->n_heard)];
	return ax25_parse(f, SPAN(s->bytes, s->len)) == AX25_OK;
}

/* A message that somebody sent, and his frame. */
static bool heard_message(struct sim_hostile *h, struct ax25_frame *f,
			  struct sync_message *m)
{
	return heard_parse(h, f) && f->has_pid && f->pid == AX25_PID_CAIRN &&
	       sync_message_decode(m, f->info) == SYNC_OK;
}

/* Its own call sign, somebody's, or one that is new. */
static void draw_source(struct sim_hostile *h, struct ax25_address *from)
{
	char call[AX25_CALL_TEXT] = "Q0BAD";
	struct ax25_frame f;
	uint64_t r = draw(h, 3);

	if (r == 1 && heard_parse(h, &f)) {
		*from = f.source;
		return;
	}
	if (r == 2)
		snprintf(call, sizeof(call), "Q%c%u%c%c",
			 'A' + (int)draw(h, 26), (unsigned)draw(h, 10),
			 'A' + (int)draw(h, 26), 'A' + (int)draw(h, 26));
	ax25_address_parse(from, call);
}

static unsigned frame_put(struct sim_frame *f, const struct ax25_address *from,
			  struct span info)
{
	struct ax25_address to;
	int n;

	ax25_address_parse(&to, "CAIRN0");
	n = ax25_ui_encode(f->bytes, sizeof(f->bytes), &to, from,
			   AX25_PID_CAIRN, info);
	f->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static unsigned message_put(struct sim_hostile *h, struct sim_frame *f,
			    const struct ax25_address *from,
			    const struct sync_message *m)
{
	uint8_t info[256];
	int n = sync_message_encode(info, sizeof(info), m);
	struct ax25_address source;

	if (!from) {
		draw_source(h, &source);
		from = &source;
	}
	return n > 0 ? frame_put(f, from, SPAN(info, n)) : 0;
}

static uint16_t target_of(const struct ax25_address *a)
{
	char call[AX25_CALL_TEXT];

	return (uint16_t)(sync_address_from_call(ax25_address_format(call, a))
			  >> 16);
}

/* Of a station that was heard. */
static uint16_t draw_target(struct sim_hostile *h)
{
	struct ax25_frame f;

	return heard_parse(h, &f) ? target_of(&f.source) :
				    (uint16_t)draw(h, 65536);
}

static uint32_t draw_alias(struct sim_hostile *h)
{
	const struct sim_feed *f = &h->data->feeds[draw(h, h->data->n_feeds)];

	return author_alias(h->dataset, f->id.hash);
}

/* ---- digests ---- */

static void digest_fill(struct sim_hostile *h, struct sync_digest *d,
			unsigned c)
{
	d->dataset_tag = (uint16_t)be_get(h->dataset, 2);
	d->c = (uint8_t)c;
	for (unsigned i = 0; i < 2 * c; i++)
		d->s[i] = (uint32_t)random_next(&h->rng);
}

/* About what the others hold, but not it. */
static unsigned lying_digest(struct sim_hostile *h, struct sim_frame *f)
{
	struct sync_message m = { .type = SYNC_DIGEST }, told;
	struct ax25_frame by;

	m.digest.events = draw(h, 1000);
	m.digest.authors = draw(h, 100);
	if (heard_message(h, &by, &told) && told.type == SYNC_DIGEST) {
		m.digest.events = told.digest.events + draw(h, 40);
		m.digest.events -= m.digest.events < 20 ? 0 : 20;
		m.digest.authors = told.digest.authors;
	}
	m.digest.root48 = draw_root(h);
	m.digest.moved = draw(h, 2);
	digest_fill(h, &m.digest, draw(h, 2) ? 0 :
		    (unsigned)draw(h, SYNDROME_C_MAX + 1));
	return message_put(h, f, NULL, &m);
}

/* One that was true once, by whoever. */
static unsigned replayed_digest(struct sim_hostile *h, struct sim_frame *f)
{
	struct sync_message m;
	struct ax25_frame by;

	return heard_message(h, &by, &m) ? message_put(h, f, NULL, &m) : 0;
}

/* More than any sketch can tell. */
static unsigned huge_digest(struct sim_hostile *h, struct sim_frame *f)
{
	struct sync_message m = { .type = SYNC_DIGEST };

	m.digest.root48 = draw_root(h);
	m.digest.events = 1ULL << draw(h, 64);
	m.digest.authors = 1ULL << draw(h, 64);
	m.digest.want_bulk = true;
	m.digest.part_bits = (uint8_t)draw(h, 8);
	m.digest.part = (uint8_t)draw(h, 1u << m.digest.part_bits);
	m.digest.part_root48 = m.digest.part_bits ? draw_root(h) : 0;
	digest_fill(h, &m.digest, SYNDROME_C_MAX);
	return message_put(h, f, NULL, &m);
}

/* ---- wants and offers ---- */

static void want_all(struct sim_hostile *h, struct sync_want *w)
{
	w->form = SYNC_WANT_LIST;
	w->n = 1 + (uint8_t)draw(h, 20);
	for (unsigned i = 0; i < w->n; i++)
		w->list[i].alias = draw_alias(h);
}

static void want_content(struct sim_hostile *h, struct sync_want_bulk *w)
{
	for (unsigned i = 0; i < BLOB_HASH; i++)
		w->hash[i] = (uint8_t)draw(h, 256);
	w->chunk = (uint32_t)draw(h, BLOB_CHUNKS_MAX);
	w->index = (uint8_t)draw(h, SYNC_INDEX_MAX + 1);
	w->needed = 1 + (uint8_t)draw(h, SYNC_K_MAX);
}

/* Parity of what is under way, or what came since a root of the past, or
 * everything, or a content that nobody has. */
static unsigned want_flood(struct sim_hostile *h, struct sim_frame *f)
{
	struct sync_message m = { .type = SYNC_WANT }, told;
	struct sync_want *w = &m.want;
	struct ax25_frame by;
	bool heard = heard_message(h, &by, &told);

	w->target = heard ? target_of(&by.source) : draw_target(h);
	if (heard && told.type == SYNC_EVENTS) {
		w->form = SYNC_WANT_PARITY;
		w->n = 1;
		w->parity[0].generation = told.events.generation;
		w->parity[0].needed = SYNC_NEEDED_MAX;
		w->parity[0].more = true;
	} else if (draw(h, 2)) {
		want_all(h, w);
	} else if (draw(h, 4) == 0) {
		w->form = SYNC_WANT_BULK;
		want_content(h, &w->bulk);
	} else {
		w->form = SYNC_WANT_ROOT;
		w->root48 = heard && told.type == SYNC_DIGEST ?
			told.digest.root48 : draw_root(h);
		w->events = draw(h, 100);
	}
	return message_put(h, f, NULL, &m);
}

static unsigned offer_flood(struct sim_hostile *h, struct sim_frame *f)
{
	struct sync_message m = { .type = SYNC_OFFER };

	m.offer.n = 1 + (uint8_t)draw(h, SYNC_OFFER_MAX);
	m.offer.root48 = draw_root(h);
	m.offer.events = 1 + draw(h, 1000);
	for (unsigned i = 0; i < m.offer.n; i++)
		m.offer.target[i] = draw_target(h);
	m.offer.hears_n = (uint8_t)draw(h, 6);	/* some, and whoever */
	for (unsigned i = 0; i < m.offer.hears_n; i++)
		m.offer.hears[i] = i ? draw_target(h) :
			(uint16_t)draw(h, 65536);
	return message_put(h, f, NULL, &m);
}

/* To nobody, so that all keep silent. */
static unsigned forged_nav(struct sim_hostile *h, struct sim_frame *f)
{
	struct sync_message m = { .type = SYNC_WANT };

	m.want.target = (uint16_t)draw(h, 65536);
	m.want.nav_ds = 255;
	want_all(h, &m.want);
	return message_put(h, f, NULL, &m);
}

/* ---- generations ---- */

/* A row of noise for a generation that is under way, by its sender. */
static unsigned poisoned_parity(struct sim_hostile *h, struct sim_frame *f)
{
	uint8_t piece[SYNC_PIECE_MAX];
	struct sync_message m;
	struct ax25_frame by;

	if (!heard_message(h, &by, &m) || m.type != SYNC_EVENTS)
		return 0;
	for (unsigned i = 0; i < SYNC_PIECE_MAX; i++)
		piece[i] = (uint8_t)random_next(&h->rng);
	m.events.piece.p = piece;
	m.events.index = (uint8_t)draw(h, m.events.k + 4u);
	m.events.end = true;
	return message_put(h, f, &by.source, &m);
}

/* A body as one generation under its own call sign. */
static unsigned generation_put(struct sim_hostile *h, struct sim_frame *f,
			       struct span body)
{
	uint8_t piece[SYNC_PIECE_MAX];
	struct ax25_address from;
	struct generation g;
	unsigned n = 0;

	if (generation_init(&g, (uint8_t)draw(h, 256), body, draw_root(h),
			    SYNC_PIECE_MAX) || g.k > HOSTILE_FRAMES_MAX)
		return 0;
	ax25_address_parse(&from, "Q0BAD");
	for (unsigned i = 0; i < g.k; i++) {
		struct sync_message m = { .type = SYNC_EVENTS, .events = {
			.generation = g.number, .index = (uint8_t)i, .k = g.k,
			.end = i + 1u == g.k,
			.piece = SPAN(piece, g.piece_len) } };

		generation_piece(&g, i, piece);
		n += message_put(h, &f[i], &from, &m);
	}
	return n;
}

/* 60 blocks of 16 KiB in 4 bytes each: RFC 8878, 3.1.1.2 (RLE). */
static unsigned bomb(struct sim_hostile *h, struct sim_frame *f)
{
	static const uint8_t frame_head[2] = { 0x00, 0x20 };
	uint8_t body[512];
	struct wr w = wr_init(body, sizeof(body));

	wr_leb(&w, 1);
	wr_be(&w, 4, draw_alias(h));
	wr_leb(&w, (1 + draw(h, 100)) << 2 | 3);
	wr_u8(&w, 200);
	wr_be(&w, 2, draw(h, 65536));
	wr_leb(&w, draw(h, 1000000));
	wr_leb(&w, (sizeof(frame_head) + 60 * 4) << 2 | RUN_ZSTD);
	wr_bytes(&w, SPAN(frame_head, sizeof(frame_head)));
	for (unsigned i = 0; i < 60; i++) {
		uint8_t block[4] = { 0 };

		le_put(block, 3, 16384 << 3 | 1 << 1 | (i == 59));
		wr_bytes(&w, SPAN(block, 4));
	}
	wr_be(&w, 2, 0);
	for (unsigned i = 0; i < EVENT_SEAL_SIZE; i++)
		wr_u8(&w, (uint8_t)random_next(&h->rng));
	return generation_put(h, f, wr_span(&w));
}

/* ---- authors of one alias ---- */

#define GROUND_FILL 0xbd	/* of the rest of their private keys */

/* Two keys with one alias in the dataset "default", out of 77,000 tries; and
 * one that only says it had that of somebody else. */
static void ground_identity(struct rns_identity *id, unsigned which)
{
	static const uint32_t ground[] = { 454152, 612424, 1 };
	uint8_t prv[64];

	memset(prv, GROUND_FILL, sizeof(prv));
	le_put(prv, 4, ground[which]);
	rns_identity_from_private(id, prv);
}

static unsigned ground_alias(struct sim_hostile *h, struct sim_frame *f)
{
	struct station st = { .call = "Q0BAD" };
	struct buf payload = { 0 };
	unsigned which = h->turn++ % 3, n = 0;
	struct event e = { .seq = 1, .kind = KIND_STATION,
			   .hlc = { (CAIRN_EPOCH_S + 600000) * 1000, 0 } };
	struct run run = { .seq = 1, .n = 1, .events = &e };
	uint8_t id0[EVENT_ID_SIZE], body[512];
	struct rns_identity id;
	int len;

	ground_identity(&id, which);
	memcpy(st.key, id.pub, sizeof(st.key));
	station_build(&payload, &st);
	e.payload = buf_span(&payload);
	event_id_genesis(id0, h->dataset, id.hash);
	event_id_next(e.id, id0, &e);
	memcpy(run.prevcheck, id0, 2);
	run.alias = which == 2 ? draw_alias(h) :
				 author_alias(h->dataset, id.hash);
	seal_sign(run.seal, id.prv + 32, h->dataset, id.hash, 1, e.id);
	len = run_body_encode(body, sizeof(body), &run, 1, RUN_ZSTD);
	if (len > 0)
		n = generation_put(h, f, SPAN(body, len));
	buf_fini(&payload);
	return n;
}

/* ---- again ---- */

/* Something heard, as it was or with a bit turned. */
static unsigned replayed(struct sim_hostile *h, struct sim_frame *f)
{
	if (!h->n_heard)
		return 0;
	*f = h->heard[draw(h, h->n_heard)];
	if (f->len > AX25_UI_HEADER && draw(h, 2))
		f->bytes[AX25_UI_HEADER + draw(h, f->len - AX25_UI_HEADER)] ^=
			(uint8_t)(1u << draw(h, 8));
	return 1;
}

/* An announce as it was, or under another call sign: who signed it says
 * nothing of who sends it. */
static unsigned replayed_announce(struct sim_hostile *h, struct sim_frame *f)
{
	struct ax25_address from;
	struct ax25_frame by;
	int n;

	if (!heard_parse(h, &by) || !by.has_pid || by.pid != AX25_PID_NONE)
		return 0;
	draw_source(h, &from);
	n = ax25_ui_encode(f->bytes, sizeof(f->bytes), &by.dest, &from,
			   AX25_PID_NONE, by.info);
	f->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

#define OTHER_VERSION 0x18	/* of a message; of a packet another kind */

typedef unsigned (*attack_fn)(struct sim_hostile *h, struct sim_frame *f);

static const attack_fn attacks[SIM_ATTACKS] = {
	[SIM_ATTACK_LYING_DIGEST] = lying_digest,
	[SIM_ATTACK_REPLAYED_DIGEST] = replayed_digest,
	[SIM_ATTACK_HUGE_DIGEST] = huge_digest,
	[SIM_ATTACK_WANT_FLOOD] = want_flood,
	[SIM_ATTACK_OFFER_FLOOD] = offer_flood,
	[SIM_ATTACK_FORGED_NAV] = forged_nav,
	[SIM_ATTACK_POISONED_PARITY] = poisoned_parity,
	[SIM_ATTACK_BOMB] = bomb,
	[SIM_ATTACK_GROUND_ALIAS] = ground_alias,
	[SIM_ATTACK_REPLAYED_ANNOUNCE] = replayed_announce,
};

unsigned sim_attack_frames(struct sim_hostile *h,
			   struct sim_frame f[HOSTILE_FRAMES_MAX])
{
	unsigned which = h->attack, n;

	if (which == SIM_ATTACK_MIXED)
		which = (unsigned)draw(h, SIM_ATTACKS);
	n = attacks[which] ? attacks[which](h, f) : replayed(h, f);
	for (unsigned i = 0; h->noise && i < n; i++)
		f[i].bytes[AX25_UI_HEADER] ^= OTHER_VERSION;
	return n;
}

bool sim_attack_keeps(const struct sim_hostile *h, struct span frame)
{
	struct ax25_frame f;
	bool cairn, announce;

	if (ax25_parse(&f, frame) != AX25_OK)
		return false;
	cairn = f.has_pid && f.pid == AX25_PID_CAIRN && f.info.n;
	announce = f.has_pid && f.pid == AX25_PID_NONE;
	switch (h->attack) {
	case SIM_ATTACK_REPLAYED_ANNOUNCE:
		return announce;
	case SIM_ATTACK_REPLAYED_DIGEST:
	case SIM_ATTACK_LYING_DIGEST:
		return cairn && (f.info.p[0] & 7) == SYNC_DIGEST;
	case SIM_ATTACK_POISONED_PARITY:
		return cairn && (f.info.p[0] & 7) == SYNC_EVENTS;
	default:
		return true;
	}
}
