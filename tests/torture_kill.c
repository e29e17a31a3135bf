/* SPDX-License-Identifier: MIT
 *
 * A writer that is killed again and again, on a real folder, and a reader in
 * another process that follows the log through all of it as `cairn log -f`
 * does.
 *
 * torture_kill [-d DIR] KILLS RECORDS: first KILLS lives of a writer, some
 * milliseconds each, then one that writes RECORDS in peace.
 *
 * Record n begins with n and says the rest by it. They stand in order, without
 * a gap: what a killed writer committed and did not sync is there for the next
 * one, which goes on behind it. So each record that the reader meets is the
 * next one, and no record is met before a sync covered it.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/numbered.h"

#define SEGMENT_KILLS (64u << 10)
#define SEGMENT_PEACE (4u << 20)
#define LEN_SMALL 128u
#define LIFE_MAX_US 30000u

/* Seen by all three processes. */
static struct shared {
	_Atomic uint64_t handed;	/* records a commit was begun for */
	_Atomic uint64_t synced;	/* a sync covered so many */
	_Atomic uint64_t acked;		/* log_durable said so */
	_Atomic uint64_t seen;		/* by the reader */
	_Atomic uint64_t refreshes;
	_Atomic int stop, bad;
	char why[160];
} *shared;

static char dir[128];
static uint64_t dice_state;

static uint32_t dice(uint32_t sides)
{
	dice_state = dice_state * 6364136223846793005ULL +
		1442695040888963407ULL;
	return (uint32_t)(dice_state >> 33) % sides;
}

/* The first thing that went wrong, and the end. */
static void bad(const char *what, uint64_t a, uint64_t b)
{
	if (atomic_fetch_add(&shared->bad, 1) == 0)
		snprintf(shared->why, sizeof(shared->why),
			 "%s: %llu, %llu", what, (unsigned long long)a,
			 (unsigned long long)b);
	_exit(1);
}

/* ---- records ---- */

static void record_check(const struct log_record *r, uint64_t n)
{
	if (!numbered_is(r, n, r->type == 2 ? LEN_SMALL : NUMBERED_MAX))
		bad("another record than", n, r->slot);
}

/* ---- the writer ---- */

static uint64_t committed;	/* all but the last may be durable */

static int note_fdatasync(void *ctx, int fd)
{
	uint64_t n = committed;
	int e = log_io_system.fdatasync(ctx, fd);

	if (!e)
		atomic_store(&shared->synced, n);
	return e;
}

static struct log *writer_open(uint32_t segment_size)
{
	static struct log_io io;
	struct log_options o = { .io = &io, .segment_size = segment_size };
	struct log_recovery rec;
	struct log *l;
	int e;

	io = log_io_system;
	io.fdatasync = note_fdatasync;
	/* recovery makes durable all that it finds */
	committed = atomic_load(&shared->handed);
	e = log_open(&l, dir, &o, &rec);
	if (e)
		bad("a writer cannot open", (uint64_t)-e, 0);
	if (rec.damaged_bytes || rec.lost_segments)
		bad("damage", rec.damaged_bytes, rec.lost_segments);
	if (rec.records < atomic_load(&shared->acked) ||
	    rec.records > committed)
		bad("records, acknowledged", rec.records,
		    atomic_load(&shared->acked));
	committed = rec.records;
	atomic_store(&shared->handed, rec.records);
	return l;
}

static void write_batch(struct log *l, uint32_t count, bool small)
{
	uint8_t p[NUMBERED_MAX + 8];
	uint64_t end, n = committed;

	for (uint32_t i = 0; i < count; i++, n++) {
		uint32_t len = numbered_fill(p, n, small ? LEN_SMALL :
					     NUMBERED_MAX);

		if (log_append(l, small ? 2 : 1, (uint32_t)n, SPAN(p, len)))
			bad("append", n, 0);
	}
	atomic_store(&shared->handed, n);
	if (log_commit(l, n, &end))
		bad("commit", n, 0);
	committed = n;
}

static void write_sync(struct log *l)
{
	if (log_sync(l))
		bad("sync", committed, 0);
	atomic_store(&shared->acked, committed);
}

__attribute__((noreturn)) static void writer_until_killed(uint64_t seed)
{
	struct log *l;

	dice_state = seed;
	l = writer_open(SEGMENT_KILLS);
	for (;;) {
		write_batch(l, 1 + dice(8), false);
		if (dice(4))
			write_sync(l);
		if (dice(4) == 0)
			log_prepare(l);
		if (dice(200) == 0) {
			if (log_close(l))
				bad("close", committed, 0);
			l = writer_open(SEGMENT_KILLS);
		}
	}
}

__attribute__((noreturn)) static void writer_in_peace(uint64_t records)
{
	struct log *l = writer_open(SEGMENT_PEACE);
	uint64_t until = committed + records;

	while (committed < until) {
		write_batch(l, 256, true);
		if (committed % 1024 == 0)
			write_sync(l);
		log_prepare(l);
	}
	write_sync(l);
	if (log_close(l))
		bad("close", committed, 0);
	_exit(0);
}

/* ---- the reader ---- */

static uint64_t reader_at, reader_next;

static void reader_look(struct log *l)
{
	struct log_snapshot *s = log_snapshot(l);
	struct log_iter it = log_iter(s, reader_at);
	struct log_record r;

	while (log_next(&it, &r) == 1)
		record_check(&r, reader_next++);
	reader_at = it.at;
	if (it.damaged_bytes)
		bad("damage met", it.damaged_bytes, reader_next);
	if (reader_next > atomic_load(&shared->synced))
		bad("seen before it was synced", reader_next,
		    atomic_load(&shared->synced));
	if (reader_at > log_durable(l))
		bad("beyond the tail", reader_at, log_durable(l));
	if (log_release(s))
		bad("a fault", reader_next, 0);
	atomic_store(&shared->seen, reader_next);
}

static struct log *reader_open(void)
{
	static const struct log_options o = { .read_only = true };
	struct log_recovery rec;
	struct log *l;
	int e = log_open(&l, dir, &o, &rec);

	if (e)
		bad("a reader cannot open", (uint64_t)-e, 0);
	if (rec.damaged_bytes)
		bad("a reader is told of damage", rec.damaged_bytes, 0);
	return l;
}

/* One that stays from the first life to the last. */
__attribute__((noreturn)) static void reader_follow(void)
{
	struct log *l = reader_open();
	bool stop;

	do {
		stop = atomic_load(&shared->stop);
		if (log_refresh(l))
			atomic_fetch_add(&shared->refreshes, 1);
		reader_look(l);
	} while (!stop);
	log_close(l);
	_exit(0);
}

/* Others that come and go in the middle of it all. */
__attribute__((noreturn)) static void reader_visit(void)
{
	while (!atomic_load(&shared->stop)) {
		struct log *l = reader_open();

		reader_at = reader_next = 0;
		for (int i = 0; i < 20; i++) {
			log_refresh(l);
			reader_look(l);
		}
		log_close(l);
	}
	_exit(0);
}

/* ---- the parent ---- */

static pid_t start(void (*fn)(void))
{
	pid_t pid = fork();

	if (pid == 0)
		fn();
	return pid;
}

static bool ended_well(pid_t pid, int sig)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return false;
	return sig ? WIFSIGNALED(status) && WTERMSIG(status) == sig :
		WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool one_life(uint64_t seed)
{
	struct timespec pause = { .tv_nsec = 1000 * dice(LIFE_MAX_US) };
	pid_t pid = fork();

	if (pid == 0)
		writer_until_killed(seed);
	nanosleep(&pause, NULL);
	kill(pid, SIGKILL);
	return ended_well(pid, SIGKILL);
}

static bool peace(uint64_t records)
{
	pid_t pid = fork();

	if (pid == 0)
		writer_in_peace(records);
	return ended_well(pid, 0);
}

static void remove_dir(void)
{
	char cmd[160];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	if (system(cmd))
		perror(dir);
}

static bool first_life(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		log_close(writer_open(SEGMENT_KILLS));
		_exit(0);
	}
	return ended_well(pid, 0);
}

static bool run(uint64_t kills, uint64_t records)
{
	pid_t follower, visitor;
	bool good = first_life();
	uint64_t killed = 0, before;

	follower = start(reader_follow);
	visitor = start(reader_visit);
	while (good && killed < kills && !atomic_load(&shared->bad))
		good = one_life(++killed);
	before = atomic_load(&shared->handed);
	good = good && peace(records);
	atomic_store(&shared->stop, 1);
	good = ended_well(follower, 0) && ended_well(visitor, 0) && good;
	if (good && shared->seen != shared->acked) {
		snprintf(shared->why, sizeof(shared->why), "the reader saw "
			 "%llu", (unsigned long long)shared->seen);
		good = false;
	}
	printf("%llu kills (%llu records), then %llu in peace; the reader saw "
	       "%llu in %llu steps, %d bad\n", (unsigned long long)killed,
	       (unsigned long long)before, (unsigned long long)records,
	       (unsigned long long)shared->seen,
	       (unsigned long long)shared->refreshes, shared->bad);
	return good && !shared->bad;
}

int main(int argc, char **argv)
{
	const char *top = "/tmp";
	bool good;

	if (argc > 2 && !strcmp(argv[1], "-d")) {
		top = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc != 3) {
		fprintf(stderr, "usage: torture_kill [-d DIR] KILLS RECORDS\n");
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(dir, sizeof(dir), "%s/cairn-kill-XXXXXX", top);
	if (shared == MAP_FAILED || !mkdtemp(dir))
		return perror(dir), 2;
	good = run(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10));
	if (!good)
		printf("BAD: %s; the log is in %s\n", shared->why, dir);
	else
		remove_dir();
	return !good;
}
