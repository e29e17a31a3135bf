/* SPDX-License-Identifier: MIT
 *
 * What goes first when not all can go at once. Whoever sends an event looks at
 * it himself: no field of the protocol says how urgent it is.
 *
 *   distress   station.order; what its author marked: `urgent` is true
 *   position   field.set of a position (CBOR tag 103)
 *   record     all else, and what is withheld
 *
 * It is an order among what waits, never a right: see pack.c.
 */
#pragma once
#include "lib/event/event.h"

enum sync_class {
	SYNC_DISTRESS, SYNC_POSITION, SYNC_RECORD, SYNC_CLASS_COUNT,
};

enum sync_class sync_class_of(const struct event *e);
