/* SPDX-License-Identifier: MIT
 *
 * Decoding a syndrome: Berlekamp-Massey finds the polynomial whose roots are
 * the aliases, Berlekamp's trace algorithm finds the roots, and the values
 * solve a Vandermonde system. All loops are bounded by the degree (<= 28) and
 * the field (32 bits), so hostile words cost no more than honest ones.
 */
#include <stdbool.h>
#include <string.h>
#include "lib/feed/gf32.h"
#include "lib/feed/syndrome.h"

#define DEGREE_MAX SYNDROME_C_MAX
#define FIELD_BITS 32

/* c[0] + c[1] x + ... + c[deg] x^deg, c[deg] != 0; deg = -1 is zero.
 * Coefficients above deg are zero. Room for the square of a remainder. */
struct poly {
	int deg;
	uint32_t c[2 * DEGREE_MAX + 1];
};

void syndrome_update(uint32_t *s, size_t words, uint32_t alias, uint32_t dv)
{
	if (dv)
		gf32_add_powers(s, words, alias, dv);
}

static void poly_trim(struct poly *p, int deg)
{
	while (deg >= 0 && !p->c[deg])
		deg--;
	p->deg = deg;
}

static void poly_make_monic(struct poly *p)
{
	uint32_t k = gf32_inv(p->c[p->deg]);

	for (int i = 0; i <= p->deg; i++)
		p->c[i] = gf32_mul(p->c[i], k);
}

/* p mod f, f monic; the quotient, if wanted, in *q. */
static void poly_divide(struct poly *p, const struct poly *f, struct poly *q)
{
	int top = p->deg - f->deg;

	if (q) {
		memset(q, 0, sizeof(*q));
		q->deg = top;
	}
	for (int k = top; k >= 0; k--) {
		uint32_t lead = p->c[k + f->deg];

		if (q)
			q->c[k] = lead;
		gf32_add_scaled(p->c + k, f->c, (size_t)f->deg + 1, lead);
	}
	poly_trim(p, p->deg < f->deg ? p->deg : f->deg - 1);
}

/* The monic greatest common divisor of monic a and any b; 1 if b is a
 * constant, a if b is zero. */
static struct poly poly_gcd(struct poly a, struct poly b)
{
	while (b.deg >= 0) {
		struct poly t = a;

		poly_make_monic(&b);
		poly_divide(&t, &b, NULL);
		a = b;
		b = t;
	}
	return a;
}

static void poly_square_mod(struct poly *p, const struct poly *f)
{
	for (int i = p->deg; i > 0; i--) {
		p->c[2 * i] = gf32_mul(p->c[i], p->c[i]);
		p->c[2 * i - 1] = 0;
	}
	p->c[0] = gf32_mul(p->c[0], p->c[0]);
	p->deg *= p->deg > 0 ? 2 : 1;
	poly_divide(p, f, NULL);
}

/* Berlekamp-Massey: the shortest recurrence that generates s, as the monic
 * polynomial whose roots are the aliases. False if it is longer than half of
 * s or its polynomial is of lower degree than its length. */
static bool find_locator(struct poly *f, const uint32_t *s, size_t words)
{
	uint32_t cur[SYNDROME_WORDS_MAX + 1] = { 1 }, last_d = 1;
	uint32_t old[SYNDROME_WORDS_MAX + 1] = { 1 };
	size_t len = 0, shift = 1;

	for (size_t n = 0; n < words; n++, shift++) {
		uint32_t keep[SYNDROME_WORDS_MAX + 1], d = 0, k;

		for (size_t i = 0; i <= len; i++)
			d ^= gf32_mul(cur[i], s[n - i]);
		if (!d)
			continue;
		memcpy(keep, cur, sizeof(keep));
		k = gf32_mul(d, gf32_inv(last_d));
		gf32_add_scaled(cur + shift, old, words + 1 - shift, k);
		if (2 * len > n)
			continue;
		memcpy(old, keep, sizeof(old));
		len = n + 1 - len;
		last_d = d;
		shift = 0;
	}
	if (2 * len > words || !cur[len])
		return false;
	memset(f, 0, sizeof(*f));
	f->deg = (int)len;
	for (size_t i = 0; i <= len; i++)
		f->c[i] = cur[len - i];
	return true;
}

/* pow[i] = x^(2^i) mod f. True if x^(2^32) = x: all roots of f are in the
 * field and differ. */
static bool find_powers(struct poly pow[FIELD_BITS], const struct poly *f)
{
	struct poly x = { .deg = 1, .c = { 0, 1 } };

	poly_divide(&x, f, NULL);
	for (int i = 0; i < FIELD_BITS; i++) {
		pow[i] = x;
		poly_square_mod(&x, f);
	}
	return memcmp(&x, &pow[0], sizeof(x)) == 0;
}

/* Trace of b x modulo f: the sum of b^(2^i) x^(2^i). */
static struct poly trace_of(uint32_t b, const struct poly pow[FIELD_BITS],
			    int deg)
{
	struct poly t = { 0 };

	for (int i = 0; i < FIELD_BITS; i++, b = gf32_mul(b, b))
		gf32_add_scaled(t.c, pow[i].c, (size_t)deg, b);
	poly_trim(&t, deg - 1);
	return t;
}

/* The factor's roots where the trace is 0 in *low, the others stay. False if
 * they are all alike. */
static bool split_factor(struct poly *factor, struct poly trace,
			 struct poly *low)
{
	struct poly rest = *factor;

	poly_divide(&trace, factor, NULL);
	*low = poly_gcd(*factor, trace);
	if (low->deg < 1 || low->deg >= factor->deg)
		return false;
	poly_divide(&rest, low, factor);
	return true;
}

/* The roots of f, which is monic. Two roots differ in the trace of b x for
 * some b of any basis, so after the powers of two each stands alone. False if
 * f has fewer roots than its degree. */
static bool find_roots(uint32_t *roots, const struct poly *f)
{
	struct poly pow[FIELD_BITS], factors[DEGREE_MAX];
	int n = 1;

	if (!find_powers(pow, f))
		return false;
	factors[0] = *f;
	for (int bit = 0; bit < FIELD_BITS && n < f->deg; bit++) {
		struct poly trace = trace_of(1U << bit, pow, f->deg);

		for (int i = 0, end = n; i < end; i++)
			if (factors[i].deg > 1 &&
			    split_factor(&factors[i], trace, &factors[n]))
				n++;
	}
	for (int i = 0; i < n; i++)
		roots[i] = factors[i].c[0];
	return n == f->deg;
}

/* The value at root a: with q = f / (x - a), the sum of q_j S_(j+1) leaves
 * only v a q(a). */
static uint32_t value_at(uint32_t a, const struct poly *f, const uint32_t *s)
{
	uint32_t q = 0, sum = 0, at = 0;

	for (int j = f->deg; j > 0; j--) {
		q = gf32_mul(q, a) ^ f->c[j];
		sum ^= gf32_mul(q, s[j - 1]);
		at = gf32_mul(at, a) ^ q;
	}
	return gf32_mul(sum, gf32_inv(gf32_mul(a, at)));
}

static void sort_words(uint32_t *v, int n)
{
	for (int i = 1; i < n; i++)
		for (int j = i; j > 0 && v[j - 1] > v[j]; j--) {
			uint32_t t = v[j];

			v[j] = v[j - 1];
			v[j - 1] = t;
		}
}

int syndrome_decode(struct syndrome_term *terms, const uint32_t *s,
		    size_t words)
{
	uint32_t roots[DEGREE_MAX];
	struct poly f;

	if (words > SYNDROME_WORDS_MAX || !find_locator(&f, s, words))
		return -1;
	if (f.deg == 0)
		return 0;
	if (!find_roots(roots, &f))
		return -1;
	sort_words(roots, f.deg);
	for (int i = 0; i < f.deg; i++) {
		terms[i].alias = roots[i];
		terms[i].value = value_at(roots[i], &f, s);
	}
	return f.deg;
}
