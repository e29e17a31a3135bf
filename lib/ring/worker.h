/* SPDX-License-Identifier: MIT
 *
 * One thread beside the loop, for work that computes only. Jobs lie in one
 * ring of fixed memory; each side moves its own cursor and nothing is locked:
 *
 *   taken <= worked <= put <= taken + max
 *   loop     thread    loop
 *
 * The loop fills a place and puts it; the thread works on it where it lies;
 * the loop reads the result there and takes it away. One wake-up serves many
 * jobs on either side, and without jobs both sleep. What a job means is the
 * caller's; work() may touch nothing but its job.
 */
#pragma once
#include "lib/ring/ring.h"

struct worker;
struct worker_config {
	size_t job_size;
	unsigned max;			/* jobs, a power of two */
	void (*work)(void *job);	/* on the thread */
	void (*done)(void *ctx);	/* on the loop: some are worked on */
	void *ctx;
};

/* 0 or -errno. */
int worker_new(struct worker **out, struct ring *r,
	       const struct worker_config *c);
/* Ends the thread after the job in its hands; the others are dropped. */
void worker_free(struct worker *w);
/* Memory for the next job, NULL if all is in use; then worker_put. */
void *worker_place(struct worker *w);
void worker_put(struct worker *w);
/* The oldest job that is worked on, NULL if there is none; then worker_take. */
void *worker_result(struct worker *w);
void worker_take(struct worker *w);
