/* SPDX-License-Identifier: MIT
 *
 * Hostile stations for scenarios with "hostile": heard by everybody, they
 * send false frames, under a call sign of their own, under those of others and
 * under some that nobody has. What they send is the attack (sim_attack.c):
 * one of those of docs/threats.md, or by default a bit of all, with frames of
 * others as they were or with a bit turned.
 */
#pragma once
#include "ax25/frame.h"
#include "lib/air/air.h"
#include "lib/base/random.h"
#include "lib/sync/message.h"
#include "tools/sim.h"

#define HOSTILE_HEARD_MAX 16
#define HOSTILE_FRAMES_MAX 4	/* of one key-up */

struct sim_frame {
	uint8_t bytes[AIR_FRAME_MAX];
	size_t len;
};

struct sim_hostile {
	unsigned first, n;
	enum sim_attack attack;
	bool noise;		/* as long, but nothing that anybody reads */
	uint64_t wake_us, pause_us;
	struct random rng;
	uint8_t dataset[DATASET_SIZE];
	const struct sim_data *data;	/* what there is to know is public */
	struct sim_frame heard[HOSTILE_HEARD_MAX];
	unsigned n_heard, turn;
};

/* Stations first .. first + n - 1 of the channel, whose scenario says what they
 * do; n may be 0. NULL if out of memory. */
struct sim_hostile *sim_hostile_new(unsigned first,
				    const struct sim_scenario *s,
				    const struct sim_data *d, uint64_t seed);
void sim_hostile_free(struct sim_hostile *h);
/* A frame that one of them heard. */
void sim_hostile_hear(struct sim_hostile *h, struct span frame,
		      uint64_t now_us);
uint64_t sim_hostile_wake_us(const struct sim_hostile *h);
void sim_hostile_tick(struct sim_hostile *h, struct air *a, uint64_t now_us);

/* ---- sim_attack.c ---- */

/* The next key-up's frames; how many, 0 if there is nothing to build on. */
unsigned sim_attack_frames(struct sim_hostile *h,
			   struct sim_frame f[HOSTILE_FRAMES_MAX]);
/* Whether that is worth keeping, for this attack. */
bool sim_attack_keeps(const struct sim_hostile *h, struct span frame);
