/* SPDX-License-Identifier: MIT
 *
 * What digests say of the set, kept up to date head by head: the sum root48,
 * the counts, the syndrome, and which roots stood before.
 */
#include <errno.h>
#include "lib/base/crypto.h"
#include "lib/feed/set.h"

#define VALUE_SEQ_BITS 20
#define VALUE_CHECK_BITS 12

uint32_t feed_value(const struct feed *f)
{
	const uint8_t mark = f->forked;
	const struct span parts[] = {
		SPAN(f->head_id, EVENT_ID_SIZE), SPAN(&mark, 1),
	};
	uint8_t hash[CRYPTO_HASH_SIZE];
	uint32_t check, seq, value;

	if (!f->head)
		return 0;
	crypto_blake2b(hash, sizeof(hash), NULL, parts, 2);
	check = (uint32_t)be_get(hash, 2) >> (16 - VALUE_CHECK_BITS);
	seq = (uint32_t)f->head & ((1U << VALUE_SEQ_BITS) - 1);
	value = seq << VALUE_CHECK_BITS | check;
	return value ? value : 1;
}

uint64_t feed_root_term(uint32_t alias, uint32_t value)
{
	uint8_t text[8], hash[CRYPTO_HASH_SIZE];
	const struct span part = SPAN(text, sizeof(text));

	be_put(text, 4, alias);
	be_put(text + 4, 4, value);
	crypto_blake2b(hash, sizeof(hash), NULL, &part, 1);
	return be_get(hash, 6);
}

/* Counts the author with its value as it is now instead of as it was. */
static void recount(struct feed_set *s, struct author *a)
{
	uint32_t value = feed_value(&a->feed), alias = a->feed.alias;

	if (a->value)
		s->root48 -= feed_root_term(alias, a->value);
	if (value)
		s->root48 += feed_root_term(alias, value);
	s->root48 &= ROOT48_MASK;
	syndrome_update(s->syndrome, SYNDROME_WORDS_MAX, alias,
			a->value ^ value);
	a->value = value;
}

static void remember(struct feed_set *s, struct feed_step step)
{
	s->steps[s->n_steps % SET_HISTORY] = step;
	s->n_steps++;
	s->roots[s->n_steps % SET_HISTORY] = s->root48;
}

void frontier_advance(struct feed_set *s, uint32_t slot,
		      const struct feed_seal *head, struct hlc hlc)
{
	struct author *a = set_at(s, slot);
	struct feed *f = &a->feed;

	s->n_held += f->head == 0;
	s->n_events += head->seq - f->head;
	f->head = head->seq;
	memcpy(f->head_id, head->id, EVENT_ID_SIZE);
	f->head_hlc = hlc;
	recount(s, a);
	remember(s, (struct feed_step){ slot, a->base, f->head });
	a->base = f->head;
}

void frontier_mark(struct feed_set *s, uint32_t slot,
		   const struct feed_seal *proof)
{
	struct author *a = set_at(s, slot);
	struct feed *f = &a->feed;

	a->proof = *proof;
	if (f->forked)
		return;
	f->forked = true;
	s->n_forked++;
	recount(s, a);
	remember(s, (struct feed_step){ slot, f->head, f->head });
}

uint64_t feed_root48(const struct feed_set *s)
{
	return s->root48;
}

uint64_t feed_event_count(const struct feed_set *s)
{
	return s->n_events;
}

uint64_t feed_author_count(const struct feed_set *s)
{
	return s->n_held;
}

bool feed_has_forks(const struct feed_set *s)
{
	return s->n_forked > 0;
}

const uint32_t *feed_syndrome(const struct feed_set *s)
{
	return s->syndrome;
}

uint64_t feed_history_len(const struct feed_set *s)
{
	return s->n_steps;
}

int64_t feed_history_find(const struct feed_set *s, uint64_t root48)
{
	for (uint64_t back = 0; back < SET_HISTORY && back <= s->n_steps;
	     back++) {
		uint64_t at = s->n_steps - back;

		if (s->roots[at % SET_HISTORY] == root48)
			return (int64_t)at;
	}
	return -ENOENT;
}

bool feed_history_step(const struct feed_set *s, uint64_t at,
		       struct feed_step *step)
{
	if (at >= s->n_steps || s->n_steps - at > SET_HISTORY)
		return false;
	*step = s->steps[at % SET_HISTORY];
	return true;
}
