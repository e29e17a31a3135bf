/* SPDX-License-Identifier: MIT
 *
 * Bytes: spans, and cursors with a sticky error.
 *
 * A span borrows memory; whoever hands one out says how long it lives.
 * A reader that runs out, or meets a bad varint, turns `bad` and from then on
 * yields zeros; a writer that runs out turns `full` and writes nothing more.
 * So code reads or writes a whole message straight through and asks once, at
 * the end.
 *
 * Varints are unsigned LEB128, at most 10 bytes, shortest form only: one
 * value has one spelling.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *p;
	size_t n;
};

#define SPAN(ptr, len) ((struct span){ (const uint8_t *)(ptr), (len) })
#define SPAN_STR(s) ((struct span){ (const uint8_t *)(s), strlen(s) })

static inline bool span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* A number in decimal digits (no digits are 0); max if it is none, or above. */
static inline uint64_t span_decimal(struct span s, uint64_t max)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)s.p[i] - '0';

		if (digit > 9 || v > (max - digit) / 10)
			return max;
		v = 10 * v + digit;
	}
	return v;
}

/* Bytewise order, a prefix first; <0, 0, >0. */
static inline int span_compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* ---- fixed-width integers at an address ---- */

static inline uint64_t be_get(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static inline void be_put(uint8_t *p, unsigned bytes, uint64_t v)
{
	for (unsigned i = bytes; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

static inline uint64_t le_get(const uint8_t *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = bytes; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static inline void le_put(uint8_t *p, unsigned bytes, uint64_t v)
{
	for (unsigned i = 0; i < bytes; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

/* ---- reader ---- */

struct rd {
	const uint8_t *p, *end;
	bool bad;
};

static inline struct rd rd_init(struct span s)
{
	/* no arithmetic on the null of an empty span */
	return (struct rd){ s.p, s.n ? s.p + s.n : s.p, false };
}

static inline size_t rd_left(const struct rd *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

/* n bytes, borrowed from the input; an empty span and `bad` if there are
 * fewer. */
static inline struct span rd_bytes(struct rd *r, size_t n)
{
	struct span s = { r->p, n };

	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = true;
		return (struct span){ NULL, 0 };
	}
	r->p += n;
	return s;
}

static inline struct span rd_rest(struct rd *r)
{
	return rd_bytes(r, rd_left(r));
}

static inline uint64_t rd_be(struct rd *r, unsigned bytes)
{
	struct span s = rd_bytes(r, bytes);

	return s.p ? be_get(s.p, bytes) : 0;
}

static inline uint64_t rd_le(struct rd *r, unsigned bytes)
{
	struct span s = rd_bytes(r, bytes);

	return s.p ? le_get(s.p, bytes) : 0;
}

static inline uint8_t rd_u8(struct rd *r)
{
	return (uint8_t)rd_be(r, 1);
}

/* Copies n bytes out; zeros if there are fewer. */
static inline void rd_copy(struct rd *r, void *dst, size_t n)
{
	struct span s = rd_bytes(r, n);

	if (s.p)
		memcpy(dst, s.p, n);
	else
		memset(dst, 0, n);
}

/* Unsigned LEB128; longer spellings than needed are `bad`. */
static inline uint64_t rd_leb(struct rd *r)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t b = rd_u8(r);

		if (r->bad || (shift == 63 && b > 1) ||
		    (b == 0 && shift > 0))
			break;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	r->bad = true;
	return 0;
}

/* ---- writer ---- */

struct wr {
	uint8_t *p;
	size_t len, cap;
	bool full;
};

static inline struct wr wr_init(void *p, size_t cap)
{
	return (struct wr){ p, 0, cap, false };
}

/* Room for n bytes, or NULL and `full`. */
static inline uint8_t *wr_room(struct wr *w, size_t n)
{
	uint8_t *at = w->p + w->len;

	if (w->full || w->cap - w->len < n) {
		w->full = true;
		return NULL;
	}
	w->len += n;
	return at;
}

static inline void wr_bytes(struct wr *w, struct span s)
{
	uint8_t *at = wr_room(w, s.n);

	if (at && s.n)
		memcpy(at, s.p, s.n);
}

static inline void wr_be(struct wr *w, unsigned bytes, uint64_t v)
{
	uint8_t *at = wr_room(w, bytes);

	if (at)
		be_put(at, bytes, v);
}

static inline void wr_le(struct wr *w, unsigned bytes, uint64_t v)
{
	uint8_t *at = wr_room(w, bytes);

	if (at)
		le_put(at, bytes, v);
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	wr_be(w, 1, v);
}

static inline void wr_leb(struct wr *w, uint64_t v)
{
	while (v > 0x7f) {
		wr_u8(w, (uint8_t)(v | 0x80));
		v >>= 7;
	}
	wr_u8(w, (uint8_t)v);
}

static inline struct span wr_span(const struct wr *w)
{
	return (struct span){ w->p, w->len };
}

static inline size_t leb_size(uint64_t v)
{
	size_t n = 1;

	while (v > 0x7f) {
		v >>= 7;
		n++;
	}
	return n;
}

/* ---- hex (lib/base/bytes.c) ---- */

/* Writes 2n lower-case digits and a NUL; dst holds 2n + 1 bytes. Returns
 * dst. */
char *hex_encode(char *dst, struct span s);

/* Exactly 2*cap digits at most, either case; returns the byte count or
 * -EINVAL (odd length, not hex, longer than cap). */
int hex_decode(uint8_t *dst, size_t cap, struct span text);
