/* SPDX-License-Identifier: MIT
 *
 * The payload of `station.order`: what one station tells another to do.
 *
 *   { station: call sign, serial, tx: bool?, duty_permille? }
 *
 * serial rises from order to order of one author; at least one of tx and
 * duty_permille is there. Who obeys is not decided here.
 */
#pragma once
#include "lib/base/buf.h"

struct station_order {
	struct span station;
	uint64_t serial;
	bool has_tx, tx;
	unsigned duty_permille;		/* 0 = not said; else 1..1000 */
};

void station_order_build(struct buf *out, const struct station_order *o);
/* 0, or -EINVAL: not an order. Borrows from the payload. */
int station_order_parse(struct station_order *o, struct span payload);
