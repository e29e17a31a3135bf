/* SPDX-License-Identifier: MIT
 *
 * export: what the station holds, as JSON Lines, as a bundle, or its positions
 * as a map. Reads the log itself; a cairnd at work is only asked to seal what
 * is its own, so that it can go along.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/ctl/ctl.h"
#include "lib/feed/bundle.h"
#include "lib/feed/lines.h"
#include "tools/client.h"
#include "tools/export.h"
#include "tools/out.h"

#define PROGRESS_US 200000
#define FRONTIER_MAX (64 << 20)

void export_progress(struct export *x, uint64_t events, bool last)
{
	uint64_t now = clock_read(1).mono_us;

	x->done += events;
	if (!isatty(STDERR_FILENO) || isatty(fileno(x->to)) ||
	    (!last && now - x->shown_us < PROGRESS_US))
		return;
	x->shown_us = now;
	fprintf(stderr, "\r%llu of %llu events%s", (unsigned long long)x->done,
		(unsigned long long)x->total, last ? "\n" : "");
}

/* ---- what the other end holds ---- */

/* Its head of an author: what it holds of our chain. If its head is not on
 * our chain it holds another branch, and gets all of ours. */
static void frontier_author(struct export *x, struct span label,
			    uint64_t head, struct span head_id)
{
	struct store st = history_store(&x->r.history);
	uint32_t slot = feed_find(x->r.data.feeds, label);
	uint8_t id[EVENT_ID_SIZE];
	const struct feed *f;
	struct event e;

	if (slot == FEED_SLOT_NONE || !head)
		return;
	f = feed_at(x->r.data.feeds, slot);
	x->held[slot] = head < f->head ? head : f->head;
	if (hex_decode(id, sizeof(id), head_id) != sizeof(id) ||
	    head > f->head)
		return;
	if (st.event(st.ctx, slot, head, &e) ||
	    memcmp(e.id, id, sizeof(id)) != 0)
		x->held[slot] = 0;
}

/* A line of what `cairn feeds --json` prints, or {author: seq}. */
static int frontier_take(struct export *x, const struct json *v)
{
	struct json_member m = { .it = NULL };

	if (!json_is(v, JSON_OBJECT))
		return -EINVAL;
	if (json_get(v, "author"))
		frontier_author(x, json_string(json_get(v, "author")),
				(uint64_t)json_int(json_get(v, "head")),
				json_string(json_get(v, "head_id")));
	else
		while (json_next(v, &m))
			frontier_author(x, m.key, (uint64_t)json_int(m.value),
					SPAN(NULL, 0));
	return 0;
}

static int frontier_read(struct export *x, const char *path)
{
	struct buf text = { 0 };
	struct span lines;
	int err;

	if (!path)
		return 0;
	err = file_read(path, FRONTIER_MAX, &text);
	if (text.len && text.p[text.len - 1] != '\n')
		buf_add_u8(&text, '\n');
	lines = buf_span(&text);
	while (!err && lines.n) {
		struct json *v = reader_record(&lines);

		err = frontier_take(x, v);
		json_free(v);
	}
	buf_fini(&text);
	return err;
}

/* ---- JSON Lines ---- */

static void line_write(struct export *x, struct json_out *o)
{
	buf_add_u8(&o->b, '\n');
	fwrite(o->b.p, 1, o->b.len, x->to);
	buf_fini(&o->b);
	*o = (struct json_out){ 0 };
}

/* The first event of an author that is not its first says what is below. */
static int first_prev(struct export *x, uint32_t slot, uint8_t prev[32])
{
	struct store st = history_store(&x->r.history);
	struct event e;
	int err = st.event(st.ctx, slot, x->held[slot], &e);

	memcpy(prev, e.id, EVENT_ID_SIZE);
	return err;
}

static int event_write(struct export *x, uint32_t slot, uint64_t seq,
		       const uint8_t *prev)
{
	const struct feed *f = feed_at(x->r.data.feeds, slot);
	struct store st = history_store(&x->r.history);
	uint8_t seal[EVENT_SEAL_SIZE];
	struct json_out o = { 0 };
	struct event e;
	uint64_t at = 0;
	int err = st.seal(st.ctx, slot, seq, &at, seal);

	if (!err)
		err = st.event(st.ctx, slot, seq, &e);
	if (err)
		return err;
	e.author = SPAN(f->label, f->label_len);
	line_put_event(&o, &e, prev, at == seq ? seal : NULL);
	line_write(x, &o);
	export_progress(x, 1, false);
	return 0;
}

static int author_write(struct export *x, uint32_t slot)
{
	const struct feed *f = feed_at(x->r.data.feeds, slot);
	const struct feed_seal *proof = feed_proof(x->r.data.feeds, slot);
	struct json_out o = { 0 };
	uint8_t prev[EVENT_ID_SIZE];
	bool below = x->held[slot] && x->held[slot] < f->head;
	int err = below ? first_prev(x, slot, prev) : 0;

	for (uint64_t seq = x->held[slot] + 1; !err && seq <= f->head; seq++) {
		err = event_write(x, slot, seq, below ? prev : NULL);
		below = false;
	}
	if (err == -ENOENT) {
		x->cut++;
		err = 0;
	}
	if (!err && proof) {
		line_put_proof(&o, SPAN(f->label, f->label_len), proof);
		line_write(x, &o);
	}
	return err;
}

static int lines_write(struct export *x)
{
	struct json_out o = { 0 };
	int err = 0;

	line_put_head(&o, x->r.dataset);
	line_write(x, &o);
	for (uint32_t i = 0; !err && i < feed_count(x->r.data.feeds); i++)
		if (feed_at(x->r.data.feeds, i)->label_len)
			err = author_write(x, i);
	return err;
}

/* ---- a bundle ---- */

static uint64_t bundle_held(void *ctx, uint32_t slot)
{
	const struct export *x = ctx;

	return x->held[slot];
}

static int bundle_put(void *ctx, struct span bytes, uint64_t events)
{
	struct export *x = ctx;

	export_progress(x, events, false);
	return fwrite(bytes.p, 1, bytes.n, x->to) == bytes.n ? 0 : -errno;
}

static int bundle_export(struct export *x)
{
	struct bundle_source s = {
		.feeds = x->r.data.feeds, .store = history_store(&x->r.history),
		.dataset = x->r.dataset, .held = bundle_held,
		.put = bundle_put, .ctx = x,
	};
	int err = bundle_write(&s);

	x->cut = s.cut;
	if (s.withheld)
		fprintf(stderr, "cairn: export: %llu payloads fit into no "
			"frame: their hashes are in the bundle\n",
			(unsigned long long)s.withheld);
	return err;
}

/* ---- the file: there when it is whole ---- */

static char *part_name(const char *path)
{
	struct buf b = { 0 };

	buf_printf(&b, "%s.part", path);
	buf_add_u8(&b, 0);
	return (char *)b.p;
}

static int file_finish(FILE *f, const char *part, const char *path, int err)
{
	bool bad = ferror(f) || fflush(f) || (path && fsync(fileno(f)));

	if (!err && bad)
		err = errno ? -errno : -EIO;
	if (!path)
		return err;
	fclose(f);
	if (!err && rename(part, path))
		err = -errno;
	if (err)
		unlink(part);
	return err;
}

/* ---- the verb ---- */

/* Own events without a seal are nobody else's business yet: a cairnd at work
 * seals them first. */
static void export_seal(const char *verb)
{
	char dir[512];
	int fd = ctl_connect(client_dir(dir));

	if (fd < 0)
		return;
	client_ask(fd, "seal", 0, NULL, NULL, NULL);
	close(fd);
	(void)verb;
}

static void export_count(struct export *x)
{
	const struct feed_set *s = x->r.data.feeds;
	uint64_t unsealed = 0;

	for (uint32_t i = 0; i < feed_count(s); i++) {
		const struct feed *f = feed_at(s, i);

		x->total += f->head - x->held[i];
		unsealed += feed_own_last(s, i) - f->head;
	}
	if (unsealed)
		fprintf(stderr, "cairn: export: %llu events are not sealed "
			"yet and stay behind\n", (unsigned long long)unsealed);
}

struct how {
	bool bundle, blobs;
	enum export_geo geo;
	const char *frontier, *path;
};

static int export_to(struct export *x, const struct how *how)
{
	char *part = how->path ? part_name(how->path) : NULL;
	int err;

	out_in_blocks();
	x->to = part ? fopen(part, "we") : stdout;
	if (!x->to)
		err = -errno;
	else if (how->geo)
		err = export_geo(x, how->geo);
	else
		err = how->bundle ? bundle_export(x) : lines_write(x);
	if (!err && how->blobs)
		err = export_blobs(x, how->bundle);
	if (x->to) {
		if (!how->geo)
			export_progress(x, 0, true);
		err = file_finish(x->to, part, how->path, err);
	}
	if (x->cut)
		fprintf(stderr, "cairn: export: the log lacks events of %llu "
			"authors: they end before these (cairn fsck)\n",
			(unsigned long long)x->cut);
	free(part);
	return err;
}

static int export_run(const struct how *how, const char *verb)
{
	struct export x = { .done = 0 };
	int err = 0, code = reader_open(&x.r, verb);

	if (code == OPTIONS_OK && !how->geo)
		code = reader_load(&x.r, verb);
	if (code == OPTIONS_OK && !how->geo) {
		x.held = calloc(feed_count(x.r.data.feeds) + 1,
				sizeof(*x.held));
		err = x.held ? frontier_read(&x, how->frontier) : -ENOMEM;
		if (err)
			fprintf(stderr, "cairn: export: %s: %s\n",
				how->frontier, err == -EINVAL ?
				"not a frontier (cairn feeds --json)" :
				strerror(-err));
	}
	if (code == OPTIONS_OK && !err) {
		if (!how->geo)
			export_count(&x);
		err = export_to(&x, how);
		if (err)
			fprintf(stderr, "cairn: export: %s\n",
				strerror(-err));
	}
	free(x.held);
	reader_close(&x.r);
	return code != OPTIONS_OK ? code :
	       err ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int cmd_export(int argc, char **argv)
{
	struct how how = { .geo = GEO_NONE };
	bool geojson = false, gpx = false, kml = false;
	struct option_spec own[] = {
		{ "--bundle", &how.bundle, NULL },
		{ "--blobs", &how.blobs, NULL },
		{ "--since-frontier", NULL, &how.frontier },
		{ "--geojson", &geojson, NULL }, { "--gpx", &gpx, NULL },
		{ "--kml", &kml, NULL }, { NULL, NULL, NULL } };
	struct options o;
	int code = options_read(&o, argc, argv,
		"export [FILE] [--bundle] [--blobs] [--since-frontier FEEDS]\n"
		"       cairn export [FILE] --geojson | --gpx | --kml\n\n"
		"All that is held, seals included, as JSON Lines or as a "
		"bundle for a stick; cairn\nimport takes both. "
		"--since-frontier: only what another station lacks; FEEDS "
		"is\nwhat cairn feeds --json prints there. --blobs: with "
		"the contents of attachments\nthat are here. --geojson, "
		"--gpx, --kml: the positions in the records.", own, 0, 1);

	if (code != OPTIONS_OK)
		return code;
	how.path = o.n_args ? o.args[0] : NULL;
	how.geo = geojson ? GEO_JSON : gpx ? GEO_GPX : kml ? GEO_KML :
		  GEO_NONE;
	if (how.blobs && how.geo) {
		fprintf(stderr, "cairn: export: a map has no contents\n");
		return EXIT_CODE_USAGE;
	}
	if (how.bundle && !how.path && isatty(STDOUT_FILENO)) {
		fprintf(stderr, "cairn: export: a bundle is no text: name a "
			"file\n");
		return EXIT_CODE_USAGE;
	}
	if (!how.geo)
		export_seal(argv[0]);
	return export_run(&how, argv[0]);
}
