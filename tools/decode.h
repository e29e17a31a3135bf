/* SPDX-License-Identifier: MIT
 *
 * Inside `cairn decode`: a frame is taken apart once (decode_frame.c), then
 * printed as a JSON object (decode_json.c) or a line for people
 * (decode_text.c). What is only known from several frames, a whole
 * generation, is put together on the way (decode_generation.c).
 */
#pragma once
#include "ax25/frame.h"
#include "lib/base/json.h"
#include "lib/event/run.h"
#include "lib/pcapng/pcapng.h"
#include "lib/rns/rns.h"
#include "lib/sync/message.h"

enum decode_link {
	DECODE_AUTO, DECODE_KISS, DECODE_AX25, DECODE_BARE, DECODE_HDLC,
};

/* One frame, layer by layer; what it holds is true as far as the flags say.
 * Everything is borrowed from the input. */
struct decoded {
	bool timed;
	uint64_t wall_us;
	enum pcapng_direction direction;
	bool from_kiss;
	uint8_t kiss_port, kiss_command;
	struct span kiss_data;	/* of a command that is not data */

	bool has_ax25;
	struct ax25_frame ax25;

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

void decode_ax25(struct decoded *d, struct span frame);
void decode_bare(struct decoded *d, struct span packet);
/* AX.25 if it parses as that, else a bare packet. */
void decode_guess(struct decoded *d, struct span frame);
void decode_fail(struct decoded *d, struct span raw, const char *layer,
		 const char *why);
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

/* ---- output ---- */

void decode_put_json(struct json_out *o, const struct decoded *d);
/* verbose: the events of a completed generation, each on a line of its own,
 * indented. */
void decode_put_text(struct buf *b, const struct decoded *d, bool verbose);
/* "txdelay" and so on; "?" if unknown. */
const char *decode_kiss_name(uint8_t port, uint8_t command);
