/* SPDX-License-Identifier: MIT
 *
 * Back-pressure: when the worker or the disk falls behind, the ports are not
 * read until half of it is done, and status says so. Nothing is dropped here:
 * TCP's sender waits, a serial TNC's buffer may run over.
 *
 *              waiting for     pause at   go on at
 *   worker     generations          24         12
 *   disk       bytes             4 MiB      2 MiB
 *
 * An episode is what lies less than a minute apart; it is reported once.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum reading_why { READING_ON, READING_WORKER, READING_DISK };

struct reading {
	enum reading_why why;		/* why it is paused now */
	uint64_t since_us, paused_us;	/* now, and all that is over */
	uint64_t until_us;		/* the end of the last pause */
	uint64_t pauses[READING_DISK + 1];
};

enum reading_move { READING_STAYS, READING_STOPS, READING_GOES_ON };

/* What is to be done. *episode: a new one begins. */
enum reading_move reading_review(struct reading *r, unsigned generations,
				 uint64_t bytes, uint64_t now_us,
				 bool *episode);
/* "worker", "disk" or "". */
const char *reading_name(enum reading_why why);
