/* SPDX-License-Identifier: MIT
 *
 * The log on a disk that loses power (disk.h), at every call of many
 * histories, and of what follows the crash as well.
 *
 * torture_log [-v] [-b BOUNDARY [-s STATE]] [SEED [HISTORIES]]
 *
 * A history depends on its seed alone, a crash on the history, the boundary
 * and its own number: so the line that is printed with a broken law repeats
 * just that.
 */
#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "lib/log/format.h"
#include "tests/torture.h"

#define ACTS_MAX 70u
#define SEGMENTS_MAX 6
#define DICE_A_BOUNDARY 3
#define SECONDS_MAX 60	/* of the processor's time, for one history */

struct torture torture = { .only_boundary = -1, .only_state = -1 };
static struct world worlds[3];
static uint8_t foreign[DISK_FILE_MAX];

/* ---- when something is wrong ---- */

static void say_where(void)
{
	static char text[200];
	int n = snprintf(text, sizeof(text), "\n  history %llu, boundary %ld, "
			 "crash state %ld\n  again: torture_log -b %ld -s %ld "
			 "%llu 1\n", (unsigned long long)torture.history,
			 torture.boundary, torture.state, torture.boundary,
			 torture.state, (unsigned long long)torture.history);

	if (write(1, text, (size_t)n) < 0)
		_exit(2);
}

void broken(const char *law, ...)
{
	va_list ap;

	va_start(ap, law);
	printf("LAW BROKEN: ");
	vprintf(law, ap);
	va_end(ap);
	fflush(stdout);
	say_where();
	exit(1);
}

static void on_signal(int sig)
{
	static const char hang[] = "LAW BROKEN: it does not end";
	static const char crash[] = "LAW BROKEN: it crashes";
	const char *text = sig == SIGPROF ? hang : crash;

	if (write(1, text, strlen(text)) > 0)
		say_where();
	_exit(1);
}

/* ---- the same bytes each time ---- */

static uint64_t random_state;

static void random_fill(void *const p, const size_t n)
{
	uint8_t *b = p;

	for (size_t i = 0; i < n; i++) {
		random_state = random_state * 6364136223846793005ULL +
			1442695040888963407ULL;
		b[i] = (uint8_t)(random_state >> 56);
	}
}

static uint32_t random_word(void)
{
	uint32_t x;

	random_fill(&x, sizeof(x));
	return x;
}

static const char *random_name(void)
{
	return "torture";
}

static randombytes_implementation randomness = {
	.implementation_name = random_name, .random = random_word,
	.buf = random_fill,
};

static uint64_t mix(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t x = a * 0x9e3779b97f4a7c15ULL + b * 0xbf58476d1ce4e5b9ULL +
		c * 0x94d049bb133111ebULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* ---- crash states ---- */

static void must_open(struct world *w)
{
	int e = world_open(w);

	if (e)
		broken("it does not open: %s", strerror(-e));
}

/* Recovering twice is recovering once, after a kill as after a good end. */
static void again(struct world *w, bool well)
{
	uint32_t batches = w->sent.n_batches;

	if (well && log_close(w->log))
		broken("it does not close");
	if (well)
		w->log = NULL;
	else
		world_abandon(w);
	must_open(w);
	if (w->sent.n_batches != batches)
		broken("recovered again, there are %u batches, not %u",
		       w->sent.n_batches, batches);
}

static void go_on(struct world *w, uint32_t batches)
{
	while (batches-- > 0) {
		life_batch(w);
		if (world_dice(w, 2) && life_sync(w))
			broken("it does not sync");
	}
	if (log_failed(w->log))
		broken("it fails by itself");
}

/* A crash of worlds[1] while it recovers or goes on. */
static void try_nested(void *arg)
{
	struct world *from = arg, *w = &worlds[2];
	enum disk_crash how = world_dice(&worlds[2], 6);

	torture.nested++;
	world_crash(w, from, how, mix(from->disk.seed, from->disk.changes, 7));
	must_open(w);
	again(w, how % 2);
	world_end(w);
}

/* One crash of the history, and the life after it. One in eight is crashed
 * in turn at each of its calls; others once, at their end. */
static void try_state(struct world *from, enum disk_crash how, uint64_t seed)
{
	struct world *w = &worlds[1];
	uint32_t kind = (uint32_t)(seed >> 20) % 8;

	torture.states++;
	worlds[2].seed = seed;
	world_crash(w, from, how, seed);
	world_read_only(w);
	w->disk.after = kind == 0 ? try_nested : NULL;
	w->disk.after_arg = w;
	must_open(w);
	if (kind < 3) {
		go_on(w, 1 + world_dice(w, 4));
		if (kind != 0)
			try_nested(w);
	}
	w->disk.after = NULL;
	if (kind == 0 || kind > 4)
		again(w, kind % 2);
	world_end(w);
}

/* The corners, then the dice. One state if nothing waits. */
static bool worth(const struct disk *d, enum disk_crash how)
{
	if (disk_quiet(d))
		return how == DISK_ALL || how == DISK_KILL;
	if (d->changes - d->quiet_at < 2)
		return how != DISK_LAST && how != DISK_BUT_LAST;
	return true;
}

static void boundary(void *arg)
{
	struct world *w = arg;

	torture.boundary++;
	torture.boundaries++;
	if (torture.only_boundary >= 0 &&
	    torture.only_boundary != torture.boundary)
		return;
	for (int i = 0; i <= DISK_KILL + DICE_A_BOUNDARY; i++) {
		enum disk_crash how = i <= DISK_KILL ? i : DISK_DICE;

		torture.state = i;
		if (!worth(&w->disk, how) || (torture.only_state >= 0 &&
					      torture.only_state != i))
			continue;
		try_state(w, how, mix(torture.history,
				      (uint64_t)torture.boundary,
				      (uint64_t)i));
	}
	torture.state = -1;
}

/* ---- histories ---- */

/* The first segment of another log, full of small batches: each sector is a
 * sound piece of it. */
static void foreign_make(uint8_t *p)
{
	struct world *w = &worlds[0];
	struct disk_file *f;
	uint64_t end;

	random_state = 1;
	world_begin(w, 131072, 1);
	if (log_open(&w->log, TORTURE_DIR, &w->options, NULL))
		broken("the other log does not open");
	do {
		log_append(w->log, 7, 7, SPAN("from another log", 16));
		log_commit(w->log, 7, &end);
		log_sync(w->log);
	} while (position_offset(end) < 131072 - 1024);
	f = disk_find(&w->disk, TORTURE_DIR "/0000000000000000.seg");
	memcpy(p, f->now, DISK_FILE_MAX);
	world_end(w);
}

static void history(uint64_t seed)
{
	static const struct itimerval limit = {
		.it_value = { .tv_sec = SECONDS_MAX } };
	struct world *w = &worlds[0];
	uint32_t acts;

	setitimer(ITIMER_PROF, &limit, NULL);
	torture.history = random_state = seed;
	torture.boundary = torture.state = -1;
	world_begin(w, seed % 8 == 7 ? 131072 : 65536, mix(seed, 1, 2));
	w->disk.foreign = foreign;
	acts = 5 + world_dice(w, ACTS_MAX);
	w->disk.after = boundary;
	w->disk.after_arg = w;
	while (acts-- > 0 && life_act(w))
		if (w->log && position_segment(log_written(w->log)) >=
		    SEGMENTS_MAX)
			break;
	w->disk.after = NULL;
	world_end(w);
}

static void count(void)
{
	printf("%llu boundaries, %llu crash states (%llu of them crashes after "
	       "a crash), %llu recoveries, %llu read-only opens, %llu records "
	       "compared, %llu found by the index: no law broken\n",
	       (unsigned long long)torture.boundaries,
	       (unsigned long long)(torture.states + torture.nested),
	       (unsigned long long)torture.nested,
	       (unsigned long long)torture.recoveries,
	       (unsigned long long)torture.opens,
	       (unsigned long long)torture.records,
	       (unsigned long long)torture.finds);
}

static int usage(void)
{
	fprintf(stderr, "usage: torture_log [-v] [-b BOUNDARY [-s STATE]] "
		"[SEED [HISTORIES]]\n");
	return 2;
}

int main(int argc, char **argv)
{
	uint64_t seed, n;
	int c;

	while ((c = getopt(argc, argv, "vb:s:")) != -1)
		switch (c) {
		case 'v':
			torture.verbose = true;
			break;
		case 'b':
			torture.only_boundary = atol(optarg);
			break;
		case 's':
			torture.only_state = atol(optarg);
			break;
		default:
			return usage();
		}
	seed = optind < argc ? strtoull(argv[optind++], NULL, 10) : 1;
	n = optind < argc ? strtoull(argv[optind++], NULL, 10) : 20;
	randombytes_set_implementation(&randomness);
	signal(SIGPROF, on_signal);
	signal(SIGSEGV, on_signal);
	signal(SIGABRT, on_signal);
	for (int i = 0; i < 3; i++)
		worlds[i].depth = i;
	foreign_make(foreign);
	for (uint64_t i = 0; i < n; i++)
		history(seed + i);
	printf("seeds %llu to %llu: ", (unsigned long long)seed,
	       (unsigned long long)(seed + n - 1));
	count();
	return 0;
}
