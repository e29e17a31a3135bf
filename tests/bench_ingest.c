/* SPDX-License-Identifier: MIT
 *
 * The whole way in: KISS bytes -> AX.25 -> generations -> runs -> one seal
 * each -> feeds, view -> log, one transaction a run, synced every 256 KiB of
 * stream. Runs of 1, 8, 32 events. The peers of the same run: libsodium's
 * verify rate times the events a seal stands for (what a signature allows),
 * and plain write + fdatasync of the same records (what the disk allows).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "ax25/frame.h"
#include "kiss/codec.h"
#include "lib/base/buf.h"
#include "lib/base/crypto.h"
#include "lib/event/payload.h"
#include "lib/event/station.h"
#include "lib/log/log.h"
#include "lib/node/node.h"
#include "lib/store/history.h"
#include "lib/sync/generation.h"
#include "tests/bench.h"

#define AUTHORS 64
#define WALL_S 1800000000ULL
#define SYNC_BYTES (256 * 1024)

struct author {
	struct rns_identity identity;
	uint32_t alias;
	uint64_t seq;
	uint8_t id[32];
};

struct ingest {
	uint8_t dataset[32];
	struct author authors[AUTHORS];
	unsigned per_run;
	uint64_t events;
	uint8_t number;
	struct buf stream;	/* KISS bytes */
	struct buf payloads[128];
	struct event ev[8][128];
	struct run runs[8];
};

/* ---- making the stream ---- */

static void event_make(struct ingest *g, struct event *e, struct buf *b,
		       uint64_t seq)
{
	char text[32];

	b->len = 0;
	if (seq == 1)
		return;
	snprintf(text, sizeof(text), "R-%03u", (unsigned)(seq % 1000));
	payload_put_map(b, 3);
	payload_put_uint(b, KEY_RECORD);
	payload_put_text(b, SPAN_STR(text));
	payload_put_uint(b, KEY_FIELD);
	payload_put_text(b, SPAN_STR("water_level_cm"));
	payload_put_uint(b, KEY_VALUE);
	payload_put_uint(b, seq * 7919 % 500);
	e->kind = KIND_FIELD_SET;
	(void)g;
}

static void author_init(struct ingest *g, struct author *a)
{
	rns_identity_generate(&a->identity);
	a->alias = author_alias(g->dataset, a->identity.hash);
	event_id_genesis(a->id, g->dataset, a->identity.hash);
}

static void run_make(struct ingest *g, struct author *a, struct run *r,
		     struct event *ev, struct buf *payloads, unsigned n)
{
	*r = (struct run){ .alias = a->alias, .seq = a->seq + 1,
		.n = (uint8_t)n, .events = ev };
	memcpy(r->prevcheck, a->id, 2);
	for (unsigned i = 0; i < n; i++) {
		struct event *e = &ev[i];

		*e = (struct event){ .seq = ++a->seq };
		e->hlc.wall_ms = (WALL_S + a->seq) * 1000;
		event_make(g, e, &payloads[i], e->seq);
		if (e->seq == 1) {
			e->kind = KIND_STATION;
			struct station st = { .call = "N0AAA-9" };

			memcpy(st.key, a->identity.pub, sizeof(st.key));
			station_build(&payloads[i], &st);
		}
		e->payload = buf_span(&payloads[i]);
		event_id_next(a->id, a->id, e);
	}
	seal_sign(r->seal, a->identity.prv + 32,
		  g->dataset, a->identity.hash, a->seq, a->id);
	g->events += n;
}

static void frame_put(struct ingest *g, const struct generation *gen,
		      unsigned index)
{
	uint8_t piece[GENERATION_PIECE_MAX], info[300], raw[400],
		wire[KISS_ENCODED_MAX(400)];
	struct sync_message m = { .type = SYNC_EVENTS };
	struct ax25_address dest, source;
	int n;

	ax25_address_parse(&dest, "CAIRN0");
	ax25_address_parse(&source, "N0AAA-9");
	generation_piece(gen, index, piece);
	m.events.generation = gen->number;
	m.events.index = (uint8_t)index;
	m.events.k = gen->k;
	m.events.end = index + 1u == gen->k;
	m.events.piece = SPAN(piece, gen->piece_len);
	n = sync_message_encode(info, sizeof(info), &m);
	n = ax25_ui_encode(raw, sizeof(raw), &dest, &source, AX25_PID_CAIRN,
			   SPAN(info, (size_t)n));
	buf_add(&g->stream, SPAN(wire, kiss_encode(wire, 0, KISS_DATA,
						   SPAN(raw, (size_t)n))));
}

/* One generation of `count` runs, each of another author. */
static void generation_make(struct ingest *g, unsigned count, unsigned first,
			    unsigned per_run)
{
	static struct buf payloads[8][128];
	static uint8_t body[GENERATION_BODY_MAX];
	static struct generation gen;
	int n;

	for (unsigned i = 0; i < count; i++)
		run_make(g, &g->authors[(first + i) % AUTHORS], &g->runs[i],
			 g->ev[i], payloads[i], per_run);
	n = run_body_encode(body, sizeof(body), g->runs, count);
	if (n < 0 || generation_init(&gen, g->number++, SPAN(body, (size_t)n),
				     0, GENERATION_PIECE_MAX) < 0) {
		fprintf(stderr, "bench: a generation does not fit\n");
		exit(1);
	}
	for (unsigned i = 0; i < gen.k; i++)
		frame_put(g, &gen, i);
}

static void stream_make(struct ingest *g, unsigned per_run, uint64_t events)
{
	dataset_id(g->dataset, SPAN_STR("default"));
	g->per_run = per_run;
	for (unsigned i = 0; i < AUTHORS; i++)
		author_init(g, &g->authors[i]);
	for (unsigned i = 0; i < AUTHORS; i += 4)
		generation_make(g, 4, i, 1);
	for (unsigned i = 0; g->events < events; i += 4)
		generation_make(g, 4, i, per_run);
}

/* ---- taking it in ---- */

struct host {
	struct node *node;
	struct log *log;
	struct history history;
	struct clock_now now;
	uint64_t bytes_at_sync, records, record_bytes;
	int error;
};

static void host_actions(struct host *s)
{
	size_t n;
	const struct node_action *a = node_actions(s->node, &n);
	uint64_t end;

	for (size_t i = 0; i < n; i++) {
		if (a[i].type == NODE_APPEND) {
			s->error |= log_append(s->log, a[i].record_type,
					       a[i].slot, a[i].record);
			s->records++;
			s->record_bytes += a[i].record.n;
		} else if (a[i].type == NODE_COMMIT) {
			s->error |= log_commit(s->log, s->now.wall_ms, &end);
		}
	}
}

static void host_frame(void *ctx, const struct kiss_frame *f)
{
	struct host *s = ctx;

	s->now.mono_us += 100000;
	node_input(s->node, 0, f->data, s->now);
	host_actions(s);
}

static void host_start(struct host *s, const char *dir)
{
	struct node_config c = { .callsign = "N0AAA-1", .dataset = "default" };
	struct node_port_config p = { .name = "bench", .bitrate = 1200,
		.txdelay_ms = 300, .duty_permille = 100, .info_max = 256 };

	s->now = (struct clock_now){ 1000000, (WALL_S + 1000000) * 1000, true };
	if (log_open(&s->log, dir, &(struct log_options){ .key = history_key },
		     &(struct log_recovery){ 0 }) < 0) {
		fprintf(stderr, "bench: can't open %s\n", dir);
		exit(1);
	}
	log_prepare(s->log);
	history_init(&s->history, s->log);
	rns_identity_generate(&c.identity);
	c.store = history_store(&s->history);
	c.authors_max = 1000;
	s->node = node_new(&c, s->now);
	node_port_add(s->node, &p);
	node_loaded(s->node, SPAN(NULL, 0), true, s->now);
	node_port_up(s->node, 0, true, s->now);
	host_actions(s);
}

static void host_stop(struct host *s, const char *dir)
{
	char command[300];

	node_free(s->node);
	log_close(s->log);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		fprintf(stderr, "bench: %s stays\n", dir);
}

static double ingest_rate(struct ingest *g, const char *dir,
			  uint64_t *record_bytes)
{
	struct host s = { 0 };
	struct kiss_decoder d;
	uint64_t start, took;
	uint64_t held;

	host_start(&s, dir);
	kiss_decoder_init(&d, host_frame, &s);
	start = clock_read(1).mono_us;
	for (size_t at = 0; at < g->stream.len; at += SYNC_BYTES) {
		size_t left = g->stream.len - at;

		kiss_decode(&d, SPAN(g->stream.p + at, left < SYNC_BYTES ?
				     left : SYNC_BYTES));
		s.error |= log_sync(s.log);
	}
	took = clock_read(1).mono_us - start;
	held = feed_event_count(node_feeds(s.node));
	if (s.error || held < g->events)
		fprintf(stderr, "bench: %llu of %llu events held, error %d\n",
			(unsigned long long)held,
			(unsigned long long)g->events, s.error);
	*record_bytes = s.record_bytes;
	host_stop(&s, dir);
	return (double)g->events * 1e6 / (double)took;
}

/* ---- peers ---- */

static double verify_rate(void)
{
	uint8_t sig[64], message[100] = { 0 };
	struct rns_identity id;
	uint64_t start = clock_read(1).mono_us;
	unsigned n;

	rns_identity_generate(&id);
	rns_identity_sign(&id, sig, SPAN(message, sizeof(message)));
	for (n = 0; n < 5000; n++)
		crypto_ed25519_verify(sig, id.pub + 32,
				      SPAN(message, sizeof(message)));
	return n * 1e6 / (double)(clock_read(1).mono_us - start);
}

/* The same record bytes, the same number of syncs, nothing else. */
static double write_rate(const char *path, uint64_t bytes, uint64_t events,
			 unsigned syncs)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	size_t piece = bytes / (syncs ? syncs : 1) + 1;
	uint8_t *p = calloc(1, piece);
	uint64_t start = clock_read(1).mono_us, took;

	for (unsigned i = 0; i < syncs; i++)
		if (write(fd, p, piece) < 0 || fdatasync(fd) < 0)
			perror(path);
	took = clock_read(1).mono_us - start;
	close(fd);
	unlink(path);
	free(p);
	return (double)events * 1e6 / (double)took;
}

static void ingest_case(unsigned per_run, uint64_t events)
{
	struct ingest *g = calloc(1, sizeof(*g));
	char dir[64], file[80], what[80];
	uint64_t bytes = 0;
	double best = 0;

	snprintf(dir, sizeof(dir), "/var/tmp/cairn-bench-%d", (int)getpid());
	snprintf(file, sizeof(file), "%s.plain", dir);
	snprintf(what, sizeof(what), "sealed runs of %u, KISS bytes to durable "
		 "log", per_run);
	stream_make(g, per_run, events);
	for (int i = 0; i < 3; i++) {
		double rate = ingest_rate(g, dir, &bytes);

		best = rate > best ? rate : best;
	}
	bench_line("ingest", what, best, "libsodium verify x run length",
		   verify_rate() * per_run, "events/s");
	bench_line("ingest", what, best, "plain write+fdatasync",
		   write_rate(file, bytes, g->events,
			      (unsigned)(g->stream.len / SYNC_BYTES) + 1),
		   "events/s");
	buf_fini(&g->stream);
	free(g);
}

void bench_ingest(void)
{
	ingest_case(1, 5000);
	ingest_case(8, 40000);
	ingest_case(32, 200000);
}
