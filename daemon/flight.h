/* SPDX-License-Identifier: MIT
 *
 * The flight recorder frames/: raw frames, in and out, with time, port and
 * verdict, in a bounded log that is never synced. What comes in is gathered
 * and written every 5 s or 64 KiB, so that an idle SD card stays idle; the
 * kernel is told to begin with it at once, and has its own 5 s (ext4's commit
 * interval) to be done: a power cut costs the last 10 s.
 */
#pragma once
#include "lib/event/record.h"

#define FLIGHT_BYTES_MAX (16u << 20)
#define FLIGHT_FLUSH_BYTES (64 * 1024)
#define FLIGHT_FLUSH_S 5

struct flight;

/* NULL with *error = -errno: the station runs without a recorder. */
struct flight *flight_open(const char *dir, int *error);
void flight_close(struct flight *f);	/* f may be NULL, here and below */
void flight_add(struct flight *f, const struct record_frame *frame);
/* Every FLIGHT_FLUSH_S. */
void flight_flush(struct flight *f, uint64_t wall_ms);
uint64_t flight_lost(const struct flight *f);
