/* SPDX-License-Identifier: MIT
 *
 * fsck: is all of the log true? Read-only, over a live or a dead log, as far
 * as it is published. Exit code 0: sound; 1: faults.
 *
 *   pass 1   checksums of everything; what the second will ask for
 *   pass 2   chains, ids, keys, seals (fsck_chain.c)
 *   then     the index of each segment; --deep makes it anew and compares
 *
 * Damage that an earlier start of cairnd has said stays in the files for good.
 * It is listed, and it is no fault if nothing that it held is missing any more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/ctl/ctl.h"
#include "lib/store/history.h"
#include "tools/client.h"
#include "tools/fsck.h"
#include "tools/out.h"
#include "tools/reader.h"

#define PROGRESS_EVERY 4096	/* records */

struct checking {
	struct fsck k;		/* first: what its callbacks get */
	struct log *log;
	struct log_recovery rec;
	struct log_damage damage;
	struct timespec began, shown;
	uint64_t bytes, passed;	/* of records, in both passes */
	uint64_t faults;
	bool json, old, tty;
};

/* ---- saying ---- */

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) +
		(double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

static void say_progress(struct checking *r, const char *pass)
{
	double s = seconds_since(&r->began);

	if (!r->tty || seconds_since(&r->shown) < 0.2)
		return;
	clock_gettime(CLOCK_MONOTONIC, &r->shown);
	fprintf(stderr, "\r%s %3.0f %%, %.1f MB/s, %.0f events/s ", pass,
		r->rec.records ? 50.0 * (double)r->passed /
		(double)r->rec.records : 0, (double)r->bytes / 1e6 / s,
		(double)r->k.events / s);
}

static void progress_end(const struct checking *r)
{
	if (r->tty)
		fputs("\r\033[K", stderr);
}

static void fault_begin(struct checking *r, struct json_out *o, const char *what)
{
	progress_end(r);
	json_out_object(o);
	json_out_kv_string(o, "fault", what);
}

static void fault_end(struct checking *r, struct json_out *o, const char *text)
{
	json_out_end_object(o);
	if (r->json)
		printf("%.*s\n", (int)o->b.len, (const char *)o->b.p);
	else
		puts(text);
	buf_fini(&o->b);
}

static void json_place(struct json_out *o, const char *segment,
		       const char *offset, uint64_t at)
{
	json_out_kv_uint(o, segment, log_position_segment(at));
	json_out_kv_uint(o, offset, log_position_offset(at));
}

static void json_who(struct json_out *o, const struct fsck_author *a)
{
	json_out_kv_string(o, "author", a->label);
	json_out_kv_string(o, "callsign", a->call);
}

static const char *who(const struct fsck_author *a)
{
	return a->call[0] ? a->call : a->named ? a->label : "a lost author";
}

/* A record that is not true. */
static void say_record(struct fsck *k, const char *what, uint64_t at,
		       const struct fsck_author *a, uint64_t seq)
{
	struct checking *r = k->ctx;
	struct json_out o = { 0 };
	char text[256], of[96] = "";

	r->faults++;
	fault_begin(r, &o, what);
	json_place(&o, "segment", "offset", at);
	if (a) {
		json_who(&o, a);
		json_out_kv_uint(&o, "seq", seq);
		snprintf(of, sizeof(of), ", %s %llu", who(a),
			 (unsigned long long)seq);
	}
	snprintf(text, sizeof(text), "segment %016llx, 0x%x%s: %s",
		 (unsigned long long)log_position_segment(at),
		 log_position_offset(at), of, what);
	fault_end(r, &o, text);
}

static void say_damage(void *ctx, uint64_t from, uint64_t to, uint64_t bytes)
{
	struct checking *r = ctx;
	char range[LOG_RANGE_TEXT_MAX], text[160];
	struct json_out o = { 0 };

	r->k.damage++;
	r->faults += !r->old;
	fault_begin(r, &o, "damaged");
	json_place(&o, "segment", "offset", from);
	json_place(&o, "end_segment", "end_offset", to);
	json_out_kv_uint(&o, "bytes", bytes);
	json_out_kv_bool(&o, "old", r->old);
	snprintf(text, sizeof(text), "%s: cannot be read%s",
		 log_range_text(range, (struct log_range){ from, to }),
		 r->old ? " (old)" : "");
	fault_end(r, &o, text);
}

static void say_gap(struct fsck *k, const struct fsck_author *a, uint64_t from,
		    uint64_t to)
{
	struct checking *r = k->ctx;
	struct json_out o = { 0 };
	char text[160];

	r->faults++;
	fault_begin(r, &o, "missing");
	json_who(&o, a);
	json_out_kv_uint(&o, "from", from);
	json_out_kv_uint(&o, "to", to);
	snprintf(text, sizeof(text), "%s: events %llu..%llu are missing",
		 who(a), (unsigned long long)from, (unsigned long long)to);
	fault_end(r, &o, text);
}

static void say_index(struct checking *r, uint64_t segment, const char *what)
{
	struct json_out o = { 0 };
	char text[96];

	r->faults++;
	fault_begin(r, &o, what);
	json_out_kv_uint(&o, "segment", segment);
	snprintf(text, sizeof(text), "segment %016llx: %s",
		 (unsigned long long)segment, what);
	fault_end(r, &o, text);
}

static void say_summary(const struct checking *r)
{
	const struct fsck *k = &r->k;
	double s = seconds_since(&r->began);
	struct json_out o = { 0 };

	json_out_object(&o);
	json_out_kv_bool(&o, "sound", r->faults == 0);
	json_out_kv_uint(&o, "faults", r->faults);
	json_out_kv_uint(&o, "damaged_ranges", r->damage.ranges);
	json_out_kv_uint(&o, "missing_events", k->missing);
	json_out_kv_uint(&o, "segments", r->rec.segments);
	json_out_kv_uint(&o, "records", k->records);
	json_out_kv_uint(&o, "events", k->events);
	json_out_kv_uint(&o, "seals", k->seals);
	json_out_kv_uint(&o, "authors", k->n_authors);
	json_out_kv_uint(&o, "unchecked", k->unchecked);
	json_out_kv_uint(&o, "bytes", r->bytes / 2);
	json_out_kv_real(&o, "seconds", s);
	json_out_end_object(&o);
	if (r->json)
		printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	else
		printf("%llu events of %u authors, %llu seals in %llu segments: "
		       "%s%llu fault%s; %.1f s, %.1f MB/s\n",
		       (unsigned long long)k->events, k->n_authors,
		       (unsigned long long)k->seals,
		       (unsigned long long)r->rec.segments,
		       r->faults ? "" : "sound, ",
		       (unsigned long long)r->faults,
		       r->faults == 1 ? "" : "s", s,
		       (double)r->bytes / 2e6 / s);
	buf_fini(&o.b);
}

/* ---- the passes ---- */

static void pass(struct checking *r, struct log_snapshot *s, const char *name,
		 void (*damage)(void *ctx, uint64_t from, uint64_t to,
				uint64_t bytes), void *ctx,
		 void (*fn)(struct fsck *k, const struct log_record *rec))
{
	struct log_iter it = log_iter(s, 0);
	struct log_record rec;

	it.damage = damage;
	it.ctx = ctx;
	while (log_next(&it, &rec) == 1) {
		fn(&r->k, &rec);
		r->bytes += rec.payload.n;
		if (++r->passed % PROGRESS_EVERY == 0)
			say_progress(r, name);
	}
}

static void check_index(struct checking *r, bool deep)
{
	static const char *const states[] = {
		[LOG_INDEX_SPOILED] = "its index is spoiled",
		[LOG_INDEX_WRONG] = "its index is not what it holds",
	};
	uint64_t number;

	for (size_t i = 0; i < log_segment_count(r->log); i++) {
		enum log_index_state e = log_check_index(r->log, i, deep,
							 &number);

		if (e != LOG_INDEX_NONE && e != LOG_INDEX_SOUND)
			say_index(r, number, states[e]);
	}
}

/* What opening found and no range says: segments that were there once. */
static void check_recovery(struct checking *r)
{
	const struct log_recovery *v = &r->rec;
	struct json_out o = { 0 };

	if (r->damage.ranges || (!v->lost_segments && !v->damaged_bytes))
		return;
	r->faults++;
	fault_begin(r, &o, v->note);
	fault_end(r, &o, v->note);
}

static int check_all(struct checking *r, const struct json *state, bool deep)
{
	struct log_snapshot *s = log_snapshot(r->log);

	if (!s)
		return -ENOMEM;
	pass(r, s, "reading", log_damage_add, &r->damage, fsck_mark);
	fsck_turn(&r->k);
	r->old = state && r->damage.mark &&
		json_int(json_get(state, "damage")) == r->damage.mark;
	check_recovery(r);
	pass(r, s, "checking", say_damage, r, fsck_check);
	fsck_gaps(&r->k, say_gap);
	check_index(r, deep);
	progress_end(r);
	return log_release(s);
}

/* ---- repair: what cairnd's start does ---- */

static int repair(const char *path)
{
	struct log_options o = { .key = history_key, .topic = history_topic };
	struct log_recovery rec;
	struct log *l;
	int e = log_open(&l, path, &o, &rec);

	if (e) {
		fprintf(stderr, "cairn: fsck: %s: %s\n", path, e == -EBUSY ?
			"cairnd is at work here; stop it first" : strerror(-e));
		return e;
	}
	log_repair_indexes(l);
	if (rec.note[0])
		printf("%s\n", rec.note);
	return log_close(l);
}

static int fsck_open(struct checking *r, const char *path)
{
	struct log_options o = { .read_only = true, .key = history_key,
				 .topic = history_topic };
	int e = log_open(&r->log, path, &o, &r->rec);

	if (e)
		fprintf(stderr, "cairn: fsck: %s: %s\n", path, e == -ENOENT ?
			"no log here yet (is -d right?)" : e == -EINVAL ?
			"this is not a log, or all of it is lost" :
			strerror(-e));
	return e;
}

static int fsck_run(struct checking *r, const char *dir, const char *path,
		    bool deep)
{
	struct json *state;
	int e = fsck_open(r, path);

	if (e)
		return EXIT_CODE_FAILED;
	state = reader_state(dir);
	reader_dataset(state, r->k.dataset);
	r->k.fault = say_record;
	r->k.ctx = r;
	r->tty = isatty(STDERR_FILENO);
	clock_gettime(CLOCK_MONOTONIC, &r->began);
	e = check_all(r, state, deep);
	if (e)
		fprintf(stderr, "cairn: fsck: %s: %s while reading\n", path,
			strerror(-e));
	say_summary(r);
	log_close(r->log);
	fsck_fini(&r->k);
	json_free(state);
	return e || r->faults ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int cmd_fsck(int argc, char **argv)
{
	bool deep = false, fix = false;
	struct option_spec own[] = { { "--deep", &deep, NULL },
				     { "--repair", &fix, NULL },
				     { NULL, NULL, NULL } };
	struct checking r = { 0 };
	char dir[512], path[544];
	struct options o;
	int code = options_read(&o, argc, argv,
		"fsck [--deep] [--repair] [--json]\n\n"
		"Checks all of the log: checksums, chains, ids, keys, seals, "
		"indexes. Writes\nnothing, and may run beside cairnd. --deep: "
		"indexes are made anew and compared;\n--repair: first does "
		"what a start of cairnd would do. Exit code 1: faults.",
		own, 0, 0);

	if (code != OPTIONS_OK)
		return code;
	client_dir(dir);
	snprintf(path, sizeof(path), "%s/events", dir);
	if (fix && repair(path))
		return EXIT_CODE_FAILED;
	r.json = o.json;
	return fsck_run(&r, dir, path, deep);
}
