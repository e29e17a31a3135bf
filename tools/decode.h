/* SPDX-License-Identifier: MIT
 *
 * Inside `cairn decode`: a frame is taken apart once (decode_frame.c), then
 * printed as a JSON object (decode_json.c) or a line for people
 * (decode_text.c). What is only known from several frames, a whole
 * generation, is put together on the way (decode_generation.c).
 */
#pragma once
#include "ax25/aprs.h"
#include "kiss/check.h"
#include "lib/base/json.h"
#include "lib/event/run.h"
#include "lib/pcapng/pcapng.h"
#include "lib/rns/rns.h"
#include "lib/sync/message.h"
#include "tools/decode_put.h"
#include "tools/input.h"

/* One frame, layer by layer; what it holds is true as far as the flags say.
 * Everything is borrowed from the input. */
struct decoded {
	const char *port, *outcome;	/* as a capture has them, or NULL */
	bool timed;
	uint64_t wall_us;
	enum pcapng_direction direction;
	bool from_kiss;
	uint8_t kiss_port, kiss_command;
	enum kiss_check check;	/* that it bore, and bore rightly */
	struct span kiss_data;	/* of a command that is not data */

	bool has_ax25;
	struct span ax25_raw;
	struct ax25_frame ax25;
	bool has_aprs;
	struct aprs aprs;

	bool has_rns;
	struct span rns_raw;
	struct rns_packet rns;
	const char *name;	/* of the destination, if it is a known one */
	bool has_announce;
	struct rns_announce_slices announce;
	enum rns_error verdict;	/* of the announce itself */
	enum rns_error admission;	/* of how it came */

	bool has_sender;	/* of a Cairn frame in a bare packet */
	uint32_t sender;
	bool has_cairn;
	struct sync_message cairn;
	bool has_generation;	/* this frame completed it */
	uint64_t root48;
	const struct run_body *body;

	char error[64];		/* "" if all of it was understood */
	struct span raw;	/* what was not */
};

/* ---- decode_frame.c: each adds its layer and those inside to *d ---- */

void decode_input(struct decoded *d, const struct input_frame *f,
		  enum decode_link link);
/* A frame from KISS, data or command; link: what is in its data. Marks and
 * checks that are right (kiss/check.h) are taken off. */
void decode_kiss(struct decoded *d, const struct kiss_frame *f,
		 enum decode_link link);
void decode_ax25(struct decoded *d, struct span frame);
void decode_bare(struct decoded *d, struct span packet);
void decode_frame(struct decoded *d, struct span frame, enum decode_link link);
/* AX.25 if it parses as that, else a bare packet. */
void decode_guess(struct decoded *d, struct span frame);
void decode_fail(struct decoded *d, struct span raw, const char *layer,
		 const char *why);
/* The same frame on a link known to be modulo 128. */
void decode_ax25_extended(struct decoded *d);
/* The message an announce of cairn.node carries; false if none. */
bool decode_announced(const struct decoded *d, struct sync_message *m);

/* ---- decode_generation.c ---- */

struct decode_generations;
struct decode_generations *decode_generations_new(void);
void decode_generations_free(struct decode_generations *g);
/* Sets has_generation where d is the frame that completed one. The body is
 * good until the next call. */
void decode_generations_add(struct decode_generations *g, struct decoded *d);
/* The heads of the runs in a body's first piece: what is in it so far;
 * static, good until the next call. */
const struct run_body *decode_heads(const struct sync_events *e,
				    uint64_t *root48);

/* ---- decode_links.c ---- */

/* Which links count modulo 128: those whose SABME was seen. */
struct decode_links;
struct decode_links *decode_links_new(void);
void decode_links_free(struct decode_links *l);
/* Reads *d anew if it is of such a link. */
void decode_links_add(struct decode_links *l, struct decoded *d);

/* ---- output ---- */

void decode_put_json(struct json_out *o, const struct decoded *d);
/* Without a newline at its end; with style->verbose the events of a completed
 * generation follow, each on a line of its own, indented. */
void decode_put_text(struct buf *b, const struct decoded *d,
		     const struct decode_style *style);
/* "txdelay" and so on; "?" if unknown. */
const char *decode_kiss_name(uint8_t port, uint8_t command);
/* "netrom", "ip" and so on; NULL if unknown. */
const char *decode_pid_name(uint8_t pid);

/* Parts of the line (decode_text_cairn.c, decode_layer3.c). */
void decode_put_message(struct buf *b, const struct sync_message *m);
void decode_put_rns(struct buf *b, const struct decoded *d);
void decode_put_generation(struct buf *b, const struct run_body *body,
			   bool verbose);
/* What the PID says is inside; false if that is nothing known. */
bool decode_put_layer3(struct buf *b, const struct ax25_frame *f);
