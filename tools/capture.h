/* SPDX-License-Identifier: MIT
 *
 * Inside `cairn capture`: frames come from a source (capture_source.c), pass
 * the filter (capture_filter.c) and are written as pcapng or shown as lines
 * (capture_sink.c). Nothing is ever transmitted.
 */
#pragma once
#include <stdio.h>
#include "lib/pcapng/pcapng.h"
#include "tools/decode.h"

struct capture_frame {
	const char *port;	/* the interface's name in what is written */
	uint64_t wall_us;	/* 0 = not known */
	enum pcapng_direction direction;
	uint16_t link;		/* 202: data begins with a KISS type byte; 147 */
	bool error;		/* no frame: verdict says why */
	const char *verdict;	/* what became of it, or NULL */
	struct span data;
};

/* ---- capture_filter.c: libpcap's expressions ---- */

struct capture_filter;
/* 0, or -1 with a sentence. */
int capture_filter_new(struct capture_filter **out, const char *expression,
		       char why[256]);
void capture_filter_free(struct capture_filter *f);
bool capture_filter_match(const struct capture_filter *f, uint16_t link,
			  struct span data);

/* ---- capture_sink.c ---- */

struct capture_sink {
	const char *write_to;	/* a file or "-"; NULL: lines on stdout */
	bool json;
	struct decode_style style;
	uint64_t limit;		/* frames; 0 = all */
	struct capture_filter *filter;	/* or NULL */
	/* inside */
	FILE *file;
	uint64_t frames;
	struct buf buf;
	size_t n_ports;
	struct {
		char name[64];
		uint16_t link;
	} ports[PCAPNG_INTERFACES_MAX];
	struct decode_generations *generations;
	struct decode_links *links;
};

/* 0 or -errno */
int capture_sink_open(struct capture_sink *s);
/* False: enough, or nobody reads any more. */
bool capture_sink_take(struct capture_sink *s, const struct capture_frame *f);
/* 0 or -errno of a write that failed. */
int capture_sink_close(struct capture_sink *s);

/* ---- capture_source.c: each runs to its end; an exit code ---- */

int capture_from_daemon(struct capture_sink *s, const char *port);
int capture_from_tnc(struct capture_sink *s, const char *device);
int capture_from_interface(struct capture_sink *s, const char *name);
int capture_from_file(struct capture_sink *s, const char *path);
/* Of the flight recorder, what is younger than since_s seconds. */
int capture_from_recorder(struct capture_sink *s, uint64_t since_s);
