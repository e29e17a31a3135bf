/* SPDX-License-Identifier: MIT
 *
 * The system's clocks. A machine without a battery starts in 1970, or at the
 * day its system was built; nobody can have set the clock right to a day
 * before this source was written, so that is where "good" begins, unless the
 * kernel itself says that NTP steers it.
 */
#include <stdio.h>
#include <sys/timex.h>
#include <time.h>
#include "lib/base/clock.h"

#define SOURCE_DATE_MS 1767225600000ULL /* 2026-01-01T00:00:00Z */

static uint64_t clock_us(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	if (t.tv_sec < 0)
		return 0;
	return (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / 1000;
}

static bool clock_steered(void)
{
	struct timex x = { .modes = 0 };

	return adjtimex(&x) != TIME_ERROR && !(x.status & STA_UNSYNC);
}

struct clock_now clock_read(unsigned time_scale)
{
	uint64_t wall_ms = clock_us(CLOCK_REALTIME) / US_PER_MS;

	return (struct clock_now){
		.mono_us = clock_us(CLOCK_BOOTTIME) * time_scale,
		.wall_ms = wall_ms,
		.wall_good = wall_ms >= SOURCE_DATE_MS || clock_steered(),
	};
}

char *clock_format_utc(char *dst, uint64_t wall_ms)
{
	const uint64_t last_ms = 253402300799999ULL; /* the year 9999's end */
	time_t s = (time_t)((wall_ms < last_ms ? wall_ms : last_ms) / 1000);
	struct tm tm = { 0 };

	gmtime_r(&s, &tm);
	strftime(dst, 25, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return dst;
}
