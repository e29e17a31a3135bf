/* SPDX-License-Identifier: MIT
 *
 * Generations whose seals are verified by the host (a thread of its own, in
 * cairnd). A body is decoded once, in its place here; for each run that is new
 * the ids are computed and its seal is handed out; when all verdicts are in,
 * the runs are admitted in the order in which they came.
 *
 *   first ... oldest, admitted next
 *   next  ... the first with seals to hand out
 *   end   ... place of the next body            at most NODE_WAITING_MAX
 *
 * lib/feed stays the only judge: a verdict is a pure function of (key,
 * message, signature) and is used where admission asks exactly that, so
 * foreseeing wrongly costs time only. In a catch-up the next run of an author
 * comes while the one before still waits: it is chained upon that one.
 */
#include <errno.h>
#include <stdlib.h>
#include "lib/node/node_parts.h"

#define ADMIT_BYTES (256u << 10)	/* of records, then the host's turn */
#define TOKEN_RUNS 256			/* token = generation number, run */

static struct node_waiting *waiting_at(const struct node *n, uint64_t number)
{
	return &n->waiting[number % NODE_WAITING_MAX];
}

int node_waiting_init(struct node *n)
{
	n->waiting = calloc(NODE_WAITING_MAX, sizeof(*n->waiting));
	return n->waiting ? 0 : -ENOMEM;
}

unsigned node_waiting(const struct node *n)
{
	return (unsigned)(n->waiting_end - n->waiting_first);
}

struct node_waiting *node_waiting_place(struct node *n)
{
	return waiting_at(n, n->waiting_end);
}

/* Late verdicts find nobody. */
void node_waiting_drop(struct node *n)
{
	n->waiting_first = n->waiting_next = n->waiting_end;
}

/* ---- in ---- */

/* The run of w that ends right below this one. */
static int waiting_below_in(const struct node_waiting *w,
			    const struct run *run)
{
	for (size_t i = w->body.n_runs; i-- > 0;) {
		const struct run *r = &w->body.runs[i];

		if (r->alias == run->alias && r->n && r->chained &&
		    r->seq + r->n == run->seq)
			return (int)i;
	}
	return -1;
}

/* The newest one that waits, or stands before it in the same body. */
static const struct node_waiting *waiting_below(const struct node *n,
						const struct run *run, int *at)
{
	for (uint64_t i = n->waiting_end + 1; i-- > n->waiting_first;) {
		const struct node_waiting *w = waiting_at(n, i);

		*at = waiting_below_in(w, run);
		if (*at >= 0)
			return w;
	}
	return NULL;
}

/* The same run by way of another neighbour, or once more. */
static bool waiting_twice(const struct node *n, const struct run *run)
{
	for (uint64_t i = n->waiting_first; i < n->waiting_end; i++) {
		const struct run_body *b = &waiting_at(n, i)->body;

		for (size_t j = 0; j < b->n_runs; j++)
			if (b->runs[j].alias == run->alias &&
			    b->runs[j].seq == run->seq && b->runs[j].chained &&
			    b->runs[j].n == run->n &&
			    memcmp(b->runs[j].events[run->n - 1].id,
				   run->events[run->n - 1].id,
				   EVENT_ID_SIZE) == 0)
				return true;
	}
	return false;
}

static bool waiting_foresee(struct node *n, struct node_waiting *w, size_t i)
{
	struct run *run = &w->body.runs[i];
	struct event *events = w->body.events + (run->events - w->body.events);
	const struct node_waiting *below;
	int at = -1;

	below = waiting_below(n, run, &at);
	return feed_foresee(n->data.feeds, run, events,
			    below ? &below->body.runs[at] : NULL,
			    below ? &below->seal[at].signer : NULL,
			    &w->seal[i].signer) && !waiting_twice(n, run);
}

bool node_waiting_add(struct node *n, int port, const struct sync_whole *whole)
{
	struct node_waiting *w = node_waiting_place(n);

	w->port = port;
	w->whole = *whole;
	w->counts = (struct node_run_counts){ 0 };
	w->asked = w->told = w->next = w->at = 0;
	for (size_t i = 0; i < w->body.n_runs; i++) {
		bool asks = waiting_foresee(n, w, i);

		w->seal[i].state = asks ? SEAL_ASKED : SEAL_INLINE;
		w->asked += asks;
	}
	if (!w->asked && !node_waiting(n))
		return false;
	n->waiting_end++;
	return true;
}

/* ---- out, and back ---- */

static void seal_fill(const struct node *n, struct node_seal *job,
		      uint64_t number, unsigned i)
{
	const struct node_waiting *w = waiting_at(n, number);
	const struct run *run = &w->body.runs[i];

	job->token = number * TOKEN_RUNS + i;
	memcpy(job->key, w->seal[i].signer.key + 32, sizeof(job->key));
	memcpy(job->seal, run->seal, sizeof(job->seal));
	seal_message(job->message, n->dataset, w->seal[i].signer.author,
		     run->seq + run->n - 1, run->events[run->n - 1].id);
}

bool node_seal_next(struct node *n, struct node_seal *job)
{
	for (; n->waiting_next < n->waiting_end; n->waiting_next++) {
		struct node_waiting *w = waiting_at(n, n->waiting_next);

		while (w->next < w->body.n_runs) {
			unsigned i = w->next++;

			if (w->seal[i].state != SEAL_ASKED)
				continue;
			seal_fill(n, job, n->waiting_next, i);
			return true;
		}
	}
	return false;
}

void node_seal_verdict(struct node *n, uint64_t token, bool good)
{
	uint64_t number = token / TOKEN_RUNS;
	unsigned i = token % TOKEN_RUNS;
	struct node_waiting *w;

	if (number < n->waiting_first || number >= n->waiting_end)
		return;
	w = waiting_at(n, number);
	if (i >= w->body.n_runs || w->seal[i].state != SEAL_ASKED)
		return;
	w->seal[i].state = good ? SEAL_GOOD : SEAL_BAD;
	w->told++;
}

/* ---- admission ---- */

/* What was verified is what admission asks: the same key, over the same
 * message. The seal is that of the run at hand in any case. */
static bool waiting_answers(const struct node_waiting *w, unsigned i,
			    const uint8_t author[AUTHOR_SIZE],
			    const uint8_t *key, uint64_t seq,
			    const uint8_t id[EVENT_ID_SIZE])
{
	const struct run *run = &w->body.runs[i];

	return (w->seal[i].state == SEAL_GOOD ||
		w->seal[i].state == SEAL_BAD) &&
	       seq == run->seq + run->n - 1 &&
	       memcmp(author, w->seal[i].signer.author, AUTHOR_SIZE) == 0 &&
	       memcmp(key, w->seal[i].signer.key, 64) == 0 &&
	       memcmp(id, run->events[run->n - 1].id, EVENT_ID_SIZE) == 0;
}

bool node_waiting_check(void *ctx, struct span label,
			const uint8_t author[AUTHOR_SIZE], const uint8_t *key,
			uint64_t seq, const uint8_t id[EVENT_ID_SIZE],
			const uint8_t seal[EVENT_SEAL_SIZE])
{
	const struct node *n = ctx;
	const struct node_waiting *w = n->admitting;

	(void)label;
	if (!key)
		return false;
	if (w && waiting_answers(w, w->at, author, key, seq, id))
		return w->seal[w->at].state == SEAL_GOOD;
	return seal_verify(seal, key + 32, n->dataset, author, seq, id);
}

/* A run that looks at history waits until what this input appended is there.
 * False: some are left. */
static bool admit_runs(struct node *n, struct node_waiting *w, bool all)
{
	for (; w->at < w->body.n_runs; w->at++) {
		const struct run *run = &w->body.runs[w->at];

		if (!all && n->appended &&
		    (n->arena.len > ADMIT_BYTES ||
		     feed_reads_history(n->data.feeds, run)))
			return false;
		n->admitting = w;
		node_ingest_run(n, run, &w->counts);
		n->admitting = NULL;
	}
	return true;
}

/* False: the host has to carry out what is queued first. */
static bool admit_oldest(struct node *n, bool all)
{
	struct node_waiting *w = waiting_at(n, n->waiting_first);
	uint64_t root = feed_root48(n->data.feeds);
	bool done;

	n->taken_from = w->whole.address;
	done = admit_runs(n, w, all);

	if (done) {
		n->waiting_first++;
		if (n->waiting_next < n->waiting_first)
			n->waiting_next = n->waiting_first;
		sync_port_ingested(n->ports[w->port].sync, &w->whole,
				   node_ingested(&w->counts), n->now.mono_us);
	}
	node_root_moved(n, root, w->port);
	return done;
}

static bool oldest_verified(const struct node *n)
{
	const struct node_waiting *w;

	if (!node_waiting(n))
		return false;
	w = waiting_at(n, n->waiting_first);
	return w->told == w->asked;
}

bool node_admit(struct node *n, struct clock_now now)
{
	bool more = false;

	node_begin(n, now);
	while (!more && oldest_verified(n))
		more = !admit_oldest(n, false);
	if (n->uncommitted)
		node_queue_commit(n);
	return more;
}

void node_waiting_room(struct node *n)
{
	if (node_waiting(n) < NODE_WAITING_MAX)
		return;
	admit_oldest(n, true);
	if (n->uncommitted)
		node_queue_commit(n);
}
