/* SPDX-License-Identifier: MIT
 *
 * The text of the run codec's dictionary: made-up field work (train_text.c),
 * as columns (train.c).
 */
#pragma once
#include "lib/base/buf.h"
#include "lib/base/random.h"
#include "lib/event/event.h"

/* Appends a payload of field work; returns its kind. */
uint16_t train_payload(struct buf *out, struct random *rng);
