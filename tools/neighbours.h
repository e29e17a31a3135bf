/* SPDX-License-Identifier: MIT
 *
 * Neighbours for people: what each holds, what it lacks of ours, what we lack
 * of its, and how long it would take. A number that is only known from counts
 * has a ~ before it, one that is not known is a ?.
 */
#pragma once
#include "lib/base/json.h"

/* As `neighbours` and `sync` answer them. cost: with bytes and key-ups. */
void neighbours_print(const struct json *list, bool cost, const char *empty);
/* Nothing is missing on either side, or nothing that will be given. */
bool neighbour_settled(const struct json *v);
