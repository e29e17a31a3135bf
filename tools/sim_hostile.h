/* SPDX-License-Identifier: MIT
 *
 * Hostile stations for scenarios with "hostile": heard by everybody, they
 * send false frames, one in ten seconds: digests with random roots and
 * sketches, wants for the world, events that are noise, and frames of others
 * again, as they were or with a bit turned; under a call sign of their own and
 * under those of others.
 */
#pragma once
#include "lib/air/air.h"

struct sim_hostile;

/* Stations first .. first + n - 1 of the channel; n may be 0. NULL if out of
 * memory. */
struct sim_hostile *sim_hostile_new(unsigned first, unsigned n, uint64_t seed);
void sim_hostile_free(struct sim_hostile *h);
/* A frame that one of them heard. */
void sim_hostile_hear(struct sim_hostile *h, struct span frame);
uint64_t sim_hostile_wake_us(const struct sim_hostile *h);
void sim_hostile_tick(struct sim_hostile *h, struct air *a, uint64_t now_us);
