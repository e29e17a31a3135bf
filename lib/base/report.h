/* SPDX-License-Identifier: MIT
 *
 * What a program says about itself: levels, one sink, and counters with names.
 *
 * lib/ never prints; it counts (enum reasons with names) and returns errors.
 * daemon/ and tools/ report through here: to stderr, with journald's <N>
 * prefixes when stderr is not a terminal. Lines a remote station can provoke
 * go through report_limited.
 */
#pragma once
#include <stdint.h>

enum report_level { REPORT_ERROR = 3, REPORT_WARNING = 4, REPORT_NOTICE = 5,
	REPORT_INFO = 6, REPORT_DEBUG = 7 };

/* Lines above this level are not shown (default REPORT_NOTICE). */
void report_set_level(enum report_level level);
void report(enum report_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* At most burst lines per 10 s for each struct; the number left out is said
 * with the next line shown. */
struct report_limit {
	uint64_t window_us;
	unsigned shown, hidden;
};
void report_limited(struct report_limit *l, unsigned burst, uint64_t now_us,
		    enum report_level level, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
