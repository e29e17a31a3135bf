/* SPDX-License-Identifier: MIT
 *
 * The `station` payload of station.h. An author's id is its Reticulum
 * identity hash, so the key in the payload is checked against it.
 */
#include <errno.h>
#include "lib/base/crypto.h"
#include "lib/event/payload.h"
#include "lib/event/station.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool ssid_valid(struct span s)
{
	if (s.n == 1)
		return is_digit(s.p[0]);
	return s.n == 2 && s.p[0] == '1' && s.p[1] >= '0' && s.p[1] <= '5';
}

/* The part before '-'; *ssid is what follows it, p = NULL if there is none. */
static struct span call_base(struct span call, struct span *ssid)
{
	const uint8_t *dash = call.n ? memchr(call.p, '-', call.n) : NULL;

	*ssid = (struct span){ NULL, 0 };
	if (!dash)
		return call;
	*ssid = SPAN(dash + 1, call.p + call.n - dash - 1);
	return SPAN(call.p, dash - call.p);
}

bool station_call_valid(struct span call)
{
	unsigned letters = 0, digits = 0;
	struct span ssid, base = call_base(call, &ssid);

	for (size_t i = 0; i < base.n; i++) {
		letters += base.p[i] >= 'A' && base.p[i] <= 'Z';
		digits += is_digit(base.p[i]);
	}
	return base.n >= 3 && base.n <= 6 && letters + digits == base.n &&
	       letters && digits && (!ssid.p || ssid_valid(ssid));
}

bool station_call_placeholder(struct span call)
{
	struct span ssid, base = call_base(call, &ssid);

	return span_equal(base, SPAN_STR("N0CALL")) ||
	       span_equal(base, SPAN_STR("NOCALL")) ||
	       span_equal(base, SPAN_STR("MYCALL"));
}

int station_build(struct buf *out, const struct station *st)
{
	struct span call = SPAN_STR(st->call);

	if (call.n && !station_call_valid(call))
		return -EINVAL;
	payload_put_map(out, st->has_previous ? 3 : 2);
	payload_put_uint(out, KEY_KEY);
	payload_put_bytes(out, SPAN(st->key, STATION_KEY_SIZE));
	payload_put_uint(out, KEY_CALL);
	payload_put_text(out, call);
	if (st->has_previous) {
		payload_put_uint(out, KEY_PREVIOUS);
		payload_put_bytes(out, SPAN(st->previous, AUTHOR_SIZE));
	}
	return 0;
}

/* Anything that prints: what a call sign looks like changes over the years,
 * what is in the set must not. */
static bool call_printable(struct span call)
{
	for (size_t i = 0; i < call.n; i++)
		if (call.p[i] <= ' ' || call.p[i] > '~')
			return false;
	return call.n <= STATION_CALL_MAX;
}

int station_parse(struct station *st, struct span payload)
{
	struct payload_value v;

	*st = (struct station){ 0 };
	if (!payload_get(payload, KEY_KEY, &v) || v.type != PAYLOAD_BYTES ||
	    v.str.n != STATION_KEY_SIZE)
		return -EINVAL;
	memcpy(st->key, v.str.p, STATION_KEY_SIZE);
	if (!payload_get(payload, KEY_CALL, &v) || v.type != PAYLOAD_TEXT ||
	    !call_printable(v.str))
		return -EINVAL;
	if (v.str.n)
		memcpy(st->call, v.str.p, v.str.n);
	if (!payload_get(payload, KEY_PREVIOUS, &v))
		return 0;
	if (v.type != PAYLOAD_BYTES || v.str.n != AUTHOR_SIZE)
		return -EINVAL;
	st->has_previous = true;
	memcpy(st->previous, v.str.p, AUTHOR_SIZE);
	return 0;
}

bool station_key_fits(const struct station *st,
		      const uint8_t author[AUTHOR_SIZE])
{
	uint8_t hash[32];

	crypto_sha256(hash, SPAN(st->key, STATION_KEY_SIZE));
	return memcmp(hash, author, AUTHOR_SIZE) == 0 &&
	       crypto_ed25519_key_ok(st->key + 32);
}
