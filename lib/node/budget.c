/* SPDX-License-Identifier: MIT
 *
 * Airtime budgets: a bucket that holds what an hour allows and fills all the
 * time. A key-up may take it below zero; then the port rests until it is
 * level again. So the share of the air holds over hours, and a burst after
 * silence is free.
 */
#include "lib/node/node_parts.h"

#define BUDGET_HOUR_US (3600 * US_PER_S)

void node_budget_init(struct node_budget *b, unsigned permille,
		      uint64_t now_us)
{
	b->permille = permille ? permille : 100;
	b->cap_us = (int64_t)(BUDGET_HOUR_US / 1000 * b->permille);
	b->us = b->cap_us;
	b->filled_us = now_us;
}

static void budget_fill(struct node_budget *b, uint64_t now_us)
{
	if (now_us <= b->filled_us)
		return;
	b->us += (int64_t)((now_us - b->filled_us) / 1000 * b->permille);
	b->filled_us += (now_us - b->filled_us) / 1000 * 1000;
	if (b->us > b->cap_us)
		b->us = b->cap_us;
}

void node_budget_limit(struct node_budget *b, unsigned permille,
		       uint64_t now_us)
{
	budget_fill(b, now_us);
	b->permille = permille ? permille : 100;
	b->cap_us = (int64_t)(BUDGET_HOUR_US / 1000 * b->permille);
	if (b->us > b->cap_us)
		b->us = b->cap_us;
}

void node_budget_take(struct node_budget *b, uint64_t air_us, uint64_t now_us)
{
	budget_fill(b, now_us);
	b->us -= (int64_t)air_us;
}

uint64_t node_budget_clear_us(struct node_budget *b, uint64_t now_us)
{
	budget_fill(b, now_us);
	if (b->us >= 0)
		return now_us;
	return now_us + ((uint64_t)-b->us / b->permille + 1) * 1000;
}

uint64_t node_budget_half_us(struct node_budget *b, uint64_t now_us)
{
	int64_t lacks = b->cap_us / 2;

	budget_fill(b, now_us);
	lacks -= b->us;
	if (lacks <= 0)
		return now_us;
	return now_us + ((uint64_t)lacks / b->permille + 1) * 1000;
}
