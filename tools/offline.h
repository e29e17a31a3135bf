/* SPDX-License-Identifier: MIT
 *
 * A station to write to, whether its cairnd is at work or not. If it is not,
 * `cairnd --offline` is started for as long as the verb needs it: there is one
 * program that writes to a log, and it holds the log's lock.
 */
#pragma once
#include <sys/types.h>

struct offline {
	int fd;		/* for client_ask */
	pid_t pid;	/* 0: it was at work already */
};

/* EXIT_CODE_OK, or the exit code with the reason said. */
int offline_open(struct offline *o, const char *verb);
void offline_close(struct offline *o);
