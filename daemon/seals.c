/* SPDX-License-Identifier: MIT
 *
 * Seals between the node and the worker's thread: out as far as there is
 * room, back as verdicts, each signature verified alone. What is not verified
 * at a stop is dropped: nobody was told that it is held.
 */
#include "daemon/daemon.h"
#include "lib/base/crypto.h"
#include "lib/base/report.h"
#include "lib/ring/worker.h"

#define SEALS_MAX 256	/* with the worker; the others wait in the node */

struct seal_job {
	struct node_seal s;
	bool good;
};

static void seal_work(void *job)
{
	struct seal_job *j = job;

	j->good = crypto_ed25519_verify(j->s.seal, j->s.key,
					SPAN(j->s.message,
					     sizeof(j->s.message)));
}

static void seals_back(void *ctx)
{
	struct daemon *d = ctx;
	struct seal_job *j;
	bool more;

	while ((j = worker_result(d->worker))) {
		node_seal_verdict(d->node, j->s.token, j->good);
		worker_take(d->worker);
	}
	seals_out(d);	/* it verifies while this thread admits */
	do {
		more = node_admit(d->node, daemon_now(d));
		glue_actions(d);
	} while (more);
	seals_out(d);
}

void seals_out(struct daemon *d)
{
	struct seal_job *j;

	while (d->worker && (j = worker_place(d->worker)) &&
	       node_seal_next(d->node, &j->s))
		worker_put(d->worker);
}

void seals_open(struct daemon *d)
{
	const struct worker_config c = { .job_size = sizeof(struct seal_job),
		.max = SEALS_MAX, .work = seal_work, .done = seals_back,
		.ctx = d };
	int e = worker_new(&d->worker, d->ring, &c);

	if (e)
		report(REPORT_WARNING, "no thread for seals: %s; they are "
		       "verified between frames", strerror(-e));
}

void seals_close(struct daemon *d)
{
	worker_free(d->worker);
	d->worker = NULL;
}
