/* SPDX-License-Identifier: MIT
 *
 * The same test on every variant of the engine.
 */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/ring/backend.h"

struct variant {
	const char *backend;
	struct ring_tuning tuning;
};

static struct variant __attribute__((unused)) variant_epoll = { "epoll", { 0 } };
static struct variant __attribute__((unused)) variant_uring = { "uring", { 0 } };
/* as on Linux 6.1 */
static struct variant __attribute__((unused)) variant_single = {
	"uring", { .no_read_multishot = true }
};

static struct ring *ring;

static int set_up(void **state)
{
	struct variant *v = *state;

	return ring_new_tuned(&ring, v->backend, &v->tuning) ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	ring_free(ring);
	return 0;
}

#define ON(test, v) { #test, test, set_up, tear_down, &v }

/* Says so if not. */
static bool uring_allowed(void)
{
	struct ring *r;

	if (ring_new(&r, "uring")) {
		print_message("io_uring is refused here: epoll only\n");
		return false;
	}
	print_message("%s\n", ring_describe(r));
	ring_free(r);
	return true;
}
