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
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon/daemon.h"
#include "lib/base/buf.h"
#include "lib/base/crypto.h"
#include "lib/base/report.h"
#include "tests/bench.h"
#include "tests/bench_stream.h"

#define ROUNDS 3
#define GIVE_UP_US (60 * US_PER_S)

/* ---- the sender ---- */

struct sender {
	int listen_fd;
	uint16_t port;
	struct span stream;
	pthread_t thread;
};

/* Sends all of it and reads what comes, until the other end closes. */
static void sender_talk(int fd, struct span left)
{
	uint8_t scrap[4096];

	for (;;) {
		struct pollfd p = { fd, POLLIN | (left.n ? POLLOUT : 0), 0 };
		ssize_t n;

		poll(&p, 1, -1);
		if (p.revents & (POLLIN | POLLHUP | POLLERR) &&
		    recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT) == 0)
			return;
		n = p.revents & POLLOUT ? send(fd, left.p, left.n,
				MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
		if (n < 0 && errno != EAGAIN)
			return;
		if (n > 0)
			left = SPAN(left.p + n, left.n - (size_t)n);
	}
}

static void *sender_main(void *arg)
{
	struct sender *s = arg;
	int fd = accept(s->listen_fd, NULL, NULL);

	if (fd >= 0)
		sender_talk(fd, s->stream);
	close(fd);
	close(s->listen_fd);
	return NULL;
}

static void sender_start(struct sender *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(s->listen_fd, (void *)&a, sizeof(a)) ||
	    listen(s->listen_fd, 1) ||
	    getsockname(s->listen_fd, (void *)&a, &len) ||
	    pthread_create(&s->thread, NULL, sender_main, s)) {
		perror("bench: sender");
		exit(1);
	}
	s->port = ntohs(a.sin_port);
}

/* ---- taking it in ---- */

struct round {
	double rate, loop_ns;	/* events/s; CPU of this thread an event */
	uint64_t bytes, syncs;
	double paused_s;
};

static void host_configure(struct config *c, uint16_t port)
{
	char spec[64], err[CONFIG_ERROR_MAX];

	config_init(c);
	snprintf(spec, sizeof(spec), "tnc=kiss:tcp:127.0.0.1:%u", port);
	if (config_set(c, "callsign", "N0AAA-1", err) ||
	    config_set(c, "transmit", "yes", err) ||
	    config_add_port(c, spec, err) || config_finish(c, err)) {
		fprintf(stderr, "bench: %s\n", err);
		exit(1);
	}
}

static void host_folder(const char *dir)
{
	struct rns_identity id;
	char path[300];
	int fd;

	rns_identity_generate(&id);
	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/key", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, id.prv, sizeof(id.prv)) != sizeof(id.prv)) {
		perror(path);
		exit(1);
	}
	close(fd);
}

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
	struct daemon *d = calloc(1, sizeof(*d));
	struct sender s = { .stream = buf_span(&g->bytes) };
	char command[300];
	int code;

	report_set_level(REPORT_ERROR);
	sender_start(&s);
	host_configure(&d->config, s.port);
	host_folder(dir);
	if (daemon_open(d, dir, &code))
		exit(1);
	glue_start(d);
	host_run(d, g->events, r);
	daemon_close(d);
	free(d);
	pthread_join(s.thread, NULL);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command) != 0)
		fprintf(stderr, "bench: %s stays\n", dir);
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
