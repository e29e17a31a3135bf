/* SPDX-License-Identifier: MIT
 *
 * Hybrid logical clock (docs/formats.md, "Stamps").
 *
 * A stamp is (wall_ms, counter): Unix milliseconds in 48 bits and 16 bits of
 * counter. Native stamps are whole seconds (granule 1000 ms), the counter
 * carries into the wall part; an adopted stamp between two granules rounds
 * up. Stamps handed out increase strictly. Only verified events are shown to
 * hlc_adopt.
 */
#pragma once
#include <stdint.h>

#define HLC_GRANULE_MS 1000
#define HLC_WALL_MAX 0xffffffffffffULL	/* 48 bits */
#define HLC_COUNTER_MAX 0xffffU
#define HLC_DRIFT_MS (24 * 3600 * 1000ULL)
#define CAIRN_EPOCH_S 1767225600ULL	/* 2026-01-01T00:00:00Z */

struct hlc {
	uint64_t wall_ms;
	uint32_t counter;
};

struct hlc_clock {
	struct hlc last;	/* greatest stamp given out or adopted */
	uint32_t granule_ms;
	uint64_t drift_ms;	/* 0 = no bound */
};

int hlc_compare(struct hlc a, struct hlc b);	/* <0, 0, >0 */

/* The next own stamp, greater than every one before. -ERANGE at the end of
 * 48 bits. */
int hlc_now(struct hlc_clock *c, uint64_t physical_ms, struct hlc *out);

/* Takes a verified event's stamp in. -ERANGE: further ahead of physical_ms
 * than drift_ms, not adopted, the clock unchanged. */
int hlc_adopt(struct hlc_clock *c, struct hlc remote, uint64_t physical_ms);
