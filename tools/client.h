/* SPDX-License-Identifier: MIT
 *
 * Asking cairnd: one request, its answers, its exit code. What went wrong is
 * said here, as "cairn: VERB: ...".
 */
#pragma once
#include "lib/base/json.h"

typedef void (*client_fn)(void *ctx, const struct json *v, struct span text);

/* Whether an event could hold the words, as to their length and their being
 * text; what is wrong is said. */
bool client_takes(const char *verb, size_t n_words, char *const *words);
/* Returns the exit code. */
int client_call(const char *verb, size_t n_args, char *const *args,
		client_fn fn, void *ctx);
/* The same in steps, for more than one request: EXIT_CODE_OK and the
 * connection, or the exit code; then any number of questions. */
int client_connect(const char *verb, int *fd);
int client_ask(int fd, const char *verb, size_t n_args, char *const *args,
	       client_fn fn, void *ctx);
/* A client_fn: the answer as out_json prints it. */
void client_print_json(void *ctx, const struct json *v, struct span text);
/* The station's folder of this call. */
const char *client_dir(char dst[512]);
