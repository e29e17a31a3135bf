/* SPDX-License-Identifier: MIT
 *
 * The bound over events that there are: a file of `cairn export`, all of it
 * news to whoever hears it, sent once by one station.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/event/payload.h"
#include "tools/sim.h"

static struct sim_feed *once_feed(struct sim_data *d, struct span author)
{
	struct sim_feed *f = d->feeds;

	while (f < d->feeds + d->n_feeds &&
	       !span_equal(SPAN_STR(f->label), author))
		f++;
	if (f < d->feeds + d->n_feeds)
		return f;
	if (author.n >= sizeof(f->label))
		return NULL;
	d->feeds = reallocarray(d->feeds, d->n_feeds + 1, sizeof(*f));
	if (!d->feeds)
		abort();
	f = &d->feeds[d->n_feeds++];
	*f = (struct sim_feed){ 0 };
	memcpy(f->label, author.p, author.n);
	return f;
}

/* A line without a payload is no event: the head of the file, a proof, what is
 * withheld. */
static int once_line(struct sim_data *d, const struct json *v)
{
	const struct json *payload = json_get(v, "payload");
	struct sim_feed *f = payload ?
		once_feed(d, json_string(json_get(v, "author"))) : NULL;
	size_t at = d->payloads.len;
	int e;

	if (!f)
		return payload ? -EINVAL : 0;
	e = payload_from_json(&d->payloads, payload);
	if (e)
		return e;
	f->events = reallocarray(f->events, f->full + 1,
				 sizeof(f->events[0]));
	if (!f->events)
		abort();
	f->events[f->full++] = (struct sim_event){
		.seq = f->full, .at = at, .len = d->payloads.len - at,
		.kind = (uint16_t)json_int(json_get(v, "kind")),
		.wall_ms = (uint64_t)json_int(json_get(v, "wall_ms")),
	};
	return 0;
}

static int once_load(struct sim_data *d, FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int e = 0;

	while (!e && (n = getline(&line, &cap, f)) > 0) {
		struct json *v = json_parse(SPAN(line, (size_t)n), NULL);

		e = v ? once_line(d, v) : -EINVAL;
		json_free(v);
	}
	free(line);
	return e;
}

static void once_print(const struct sim_data *d, const struct sim_bound *b)
{
	struct json_out o = { 0 };

	json_out_object(&o);
	json_out_kv_uint(&o, "authors", d->n_feeds);
	json_out_kv_uint(&o, "news", b->news);
	json_out_kv_uint(&o, "content_bytes", b->content);
	json_out_kv_uint(&o, "seal_bytes", b->seals);
	json_out_kv_uint(&o, "bound_bytes", b->framed);
	json_out_end_object(&o);
	printf("%.*s\n", (int)o.b.len, (const char *)o.b.p);
	buf_fini(&o.b);
}

int sim_once(const char *path)
{
	const struct sim_scenario s = { .topology = SIM_CLIQUE };
	const struct sim_graph g = { .n = 1 };
	struct sim_data d = { .n_feeds = 0 };
	struct sim_bound b;
	FILE *f = fopen(path, "r");
	int e = f ? once_load(&d, f) : -errno;

	if (f)
		fclose(f);
	if (e) {
		fprintf(stderr, "cairn-sim: %s: %s\n", path, f ?
			"not what cairn export writes" : strerror(-e));
	} else {
		sim_bound_make(&b, &d, &s, &g);
		once_print(&d, &b);
	}
	sim_data_fini(&d);
	return e;
}
