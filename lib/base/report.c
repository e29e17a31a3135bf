/* SPDX-License-Identifier: MIT
 *
 * Lines about the program itself, each written with one call so that lines of
 * several threads do not mix.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/base/report.h"

#define REPORT_LINE_MAX 1024
#define REPORT_WINDOW_US (10 * 1000000ULL)

static enum report_level shown_level = REPORT_NOTICE;

void report_set_level(enum report_level level)
{
	shown_level = level;
}

static void report_line(enum report_level level, unsigned hidden,
			const char *fmt, va_list args)
{
	char line[REPORT_LINE_MAX];
	size_t n = 0;

	if (level > shown_level)
		return;
	if (getenv("JOURNAL_STREAM") && !isatty(STDERR_FILENO))
		/* journald's level prefix; a log file stays plain */
		n = (size_t)snprintf(line, sizeof(line), "<%d>", (int)level);
	vsnprintf(line + n, sizeof(line) - n, fmt, args);
	n = strlen(line);
	if (hidden)
		snprintf(line + n, sizeof(line) - n,
			 " (%u lines like it left out)", hidden);
	n = strlen(line);
	if (n == sizeof(line) - 1)
		n--;
	line[n] = '\n';
	if (write(STDERR_FILENO, line, n + 1) < 0)
		return; /* nobody is left to tell */
}

void report(enum report_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_line(level, 0, fmt, args);
	va_end(args);
}

void report_limited(struct report_limit *l, unsigned burst, uint64_t now_us,
		    enum report_level level, const char *fmt, ...)
{
	va_list args;

	if (level > shown_level)
		return;
	if (now_us - l->window_us >= REPORT_WINDOW_US) {
		l->window_us = now_us;
		l->shown = 0;
	}
	if (l->shown >= burst) {
		l->hidden++;
		return;
	}
	l->shown++;
	va_start(args, fmt);
	report_line(level, l->hidden, fmt, args);
	va_end(args);
	l->hidden = 0;
}
