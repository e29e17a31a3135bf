/* SPDX-License-Identifier: MIT
 *
 * The whole way in, through cairnd itself: KISS bytes over TCP -> AX.25 ->
 * generations -> runs -> one seal each, verified on the worker -> feeds, view
 * -> log, until the last event is durable. Its loop runs here, the worker and
 * the sender beside it.
 *
 * The peers of the same run: libsodium's verify rate times the events a seal
 * stands for (what a signature allows on one core), and plain write +
 * fdatasync of as many bytes with as many syncs (what the disk allows).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "lib/base/crypto.h"
#include "tests/bench.h"
#include "tests/bench_stream.h"
#include "tests/host.h"

#define ROUNDS 3
#define GIVE_UP_US (60 * US_PER_S)

/* ---- taking it in ---- */

struct round {
	double rate, loop_ns;	/* events/s; CPU of this thread an event */
	uint64_t bytes, syncs;
	double paused_s;
};

static uint64_t thread_cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * US_PER_S +
		(uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static bool host_done(struct daemon *d, uint64_t events)
{
	return feed_event_count(node_feeds(d->node)) >= events &&
		log_durable(d->log) >= d->committed;
}

/* From the first turn, in which the port connects. */
static void host_run(struct daemon *d, uint64_t events, struct round *r)
{
	uint64_t start = clock_read(1).mono_us, took = 0;
	uint64_t cpu = thread_cpu_us();

	while (!host_done(d, events) && took < GIVE_UP_US) {
		ring_turn(d->ring, 100 * US_PER_MS);
		took = clock_read(1).mono_us - start;
	}
	if (!host_done(d, events))
		fprintf(stderr, "bench: %llu of %llu events held\n",
			(unsigned long long)
			feed_event_count(node_feeds(d->node)),
			(unsigned long long)events);
	r->rate = (double)events * 1e6 / (double)took;
	r->loop_ns = (double)(thread_cpu_us() - cpu) * 1e3 / (double)events;
	r->bytes = d->appended;
	r->syncs = d->syncs;
	r->paused_s = (double)d->reading.paused_us / US_PER_S;
}

static void ingest_round(const struct bench_stream *g, const char *dir,
			 struct round *r)
{
	struct sender s = { .stream = buf_span(&g->bytes) };
	struct daemon *d;

	host_folder(dir);
	d = host_open(dir, &s);
	host_run(d, g->events, r);
	host_close(d, &s);
	host_remove(dir);
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

/* As many bytes and syncs, nothing else. */
static double write_rate(const char *path, uint64_t bytes, uint64_t events,
			 uint64_t syncs)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	size_t piece = bytes / (syncs ? syncs : 1) + 1;
	uint8_t *p = calloc(1, piece);
	uint64_t start = clock_read(1).mono_us, took;

	for (uint64_t i = 0; i < syncs; i++)
		if (write(fd, p, piece) < 0 || fdatasync(fd) < 0)
			perror(path);
	took = clock_read(1).mono_us - start;
	close(fd);
	unlink(path);
	free(p);
	return (double)events * 1e6 / (double)took;
}

static void ingest_case(const char *what, const unsigned *parts, size_t n,
			uint64_t events)
{
	struct bench_stream g = { 0 };
	char dir[64], file[80];
	struct round best = { 0 };
	double seal = 0;

	for (size_t i = 0; i < n; i++)
		seal += (double)parts[i] / (double)n;
	snprintf(dir, sizeof(dir), "/var/tmp/cairn-bench-%d", (int)getpid());
	snprintf(file, sizeof(file), "%s.plain", dir);
	bench_stream_make(&g, parts, n, events);
	for (int i = 0; i < ROUNDS; i++) {
		struct round r;

		ingest_round(&g, dir, &r);
		best = r.rate > best.rate ? r : best;
	}
	bench_line("ingest", what, best.rate, "libsodium verify x run length",
		   verify_rate() * seal, "events/s");
	bench_line("ingest", what, best.rate, "plain write+fdatasync",
		   write_rate(file, best.bytes, g.events, best.syncs),
		   "events/s");
	bench_line("ingest", what, best.rate, "loop thread alone",
		   1e9 / best.loop_ns, "events/s");
	buf_fini(&g.bytes);
}

void bench_ingest(void)
{
	ingest_case("sealed runs of 1", (unsigned[]){ 1 }, 1, 10000);
	ingest_case("sealed runs of 8", (unsigned[]){ 8 }, 1, 80000);
	ingest_case("sealed runs of 32", (unsigned[]){ 32 }, 1, 400000);
	ingest_case("sealed runs of 64", (unsigned[]){ 64 }, 1, 400000);
	ingest_case("sealed runs of 127", (unsigned[]){ 127 }, 1, 400000);
	ingest_case("256 events as sealed runs of 127, 127, 2",
		    (unsigned[]){ 127, 127, 2 }, 3, 400000);
}
