/* SPDX-License-Identifier: MIT
 *
 * Patterns of resource names, see resource.h. Who wrote them is not trusted:
 * fitting takes at most the product of the lengths.
 */
#include "lib/view/resource.h"

static bool is_wild(uint8_t c)
{
	return c == '*' || c == '?';
}

bool pattern_fits(struct span pattern, struct span name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, mark = 0;

	while (n < name.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			mark = n;
		} else if (p < pattern.n && (pattern.p[p] == '?' ||
					     pattern.p[p] == name.p[n])) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static size_t front(struct span s)
{
	size_t n = 0;

	while (n < s.n && !is_wild(s.p[n]))
		n++;
	return n;
}

static size_t letters(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += !is_wild(s.p[i]);
	return n;
}

static int more_first(size_t a, size_t b)
{
	return (a < b) - (a > b);
}

int pattern_compare(struct span a, struct span b)
{
	int c = more_first(front(a), front(b));

	if (c == 0)
		c = more_first(letters(a), letters(b));
	return c ? c : span_compare(a, b);
}
