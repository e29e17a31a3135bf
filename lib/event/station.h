/* SPDX-License-Identifier: MIT
 *
 * The payload of `station`, the event that opens every feed:
 *
 *   { key: 64 bytes, X25519 | Ed25519 public, call: text,
 *     previous: 16 bytes, the author that this one succeeds (optional) }
 *
 * The key must hash to the author (SHA-256(key)[0:16]) and its signing half
 * be canonical and in the prime subgroup; that is checked once, at admission.
 * The call sign is a claim.
 */
#pragma once
#include "lib/base/buf.h"
#include "lib/event/event.h"

#define STATION_KEY_SIZE 64
#define STATION_CALL_MAX 9	/* 6 characters, '-', 2 digits; printable */

struct station {
	uint8_t key[STATION_KEY_SIZE];
	char call[STATION_CALL_MAX + 1];	/* "" if none */
	bool has_previous;
	uint8_t previous[AUTHOR_SIZE];
};

/* Appends the payload. 0, or -EINVAL: not a call sign. */
int station_build(struct buf *out, const struct station *st);
/* 0, or -EINVAL: a member is missing or of another shape. Members not named
 * here are ignored; whether the call sign is a valid one is not asked. */
int station_parse(struct station *st, struct span payload);
/* Does the key hash to this author, and is it sound? */
bool station_key_fits(const struct station *st,
		      const uint8_t author[AUTHOR_SIZE]);
/* 3 to 6 upper-case letters and digits, at least one of each, then perhaps
 * "-0" to "-15". */
bool station_call_valid(struct span call);
/* N0CALL, NOCALL, MYCALL, with any SSID: not to be transmitted under. */
bool station_call_placeholder(struct span call);
