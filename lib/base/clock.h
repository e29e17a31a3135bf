/* SPDX-License-Identifier: MIT
 *
 * Time. Only clock.c reads a clock; everything in lib/ takes `now`.
 *
 * mono_us never goes back and drives every timer. wall_ms is Unix time and
 * may be wrong: a hilltop has no RTC battery. wall_good says whether somebody
 * vouches for it (NTP, or a clock not before the build date).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define US_PER_S 1000000ULL
#define US_PER_MS 1000ULL
#define TIME_NEVER UINT64_MAX

struct clock_now {
	uint64_t mono_us;
	uint64_t wall_ms;
	bool wall_good;
};

/* The system's clocks, monotonic time multiplied by time_scale (1 but on a
 * simulated channel). */
struct clock_now clock_read(unsigned time_scale);

/* "2026-11-21T06:30:00Z" from Unix milliseconds; dst holds 25 bytes.
 * Returns dst. */
char *clock_format_utc(char *dst, uint64_t wall_ms);
