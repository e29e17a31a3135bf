/* SPDX-License-Identifier: MIT
 *
 * The actions of one input. Bytes go to one arena that keeps its memory from
 * input to input; while it may still move, spans hold offsets into it.
 */
#include "lib/node/node_parts.h"

#define ARENA_ALIGN 8

void node_begin(struct node *n, struct clock_now now)
{
	n->now = now;
	n->n_actions = n->n_frames = 0;
	n->arena.len = 0;
	n->actions_fixed = n->appended = false;
	n->uncommitted = 0;
}

/* Copies; the returned span's pointer is an offset. */
static struct span actions_keep(struct node *n, struct span head,
				struct span tail)
{
	size_t at = (n->arena.len + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);

	buf_reserve(&n->arena, at - n->arena.len + head.n + tail.n);
	n->arena.len = at;
	buf_add(&n->arena, head);
	buf_add(&n->arena, tail);
	return (struct span){ (const uint8_t *)at, head.n + tail.n };
}

static struct node_action *actions_add(struct node *n,
				       enum node_action_type type, int port)
{
	struct node_action *a;

	n->actions = array_room(n->actions, n->n_actions, &n->cap_actions,
				sizeof(*n->actions));
	a = &n->actions[n->n_actions++];
	*a = (struct node_action){ .type = type, .port = port };
	return a;
}

void node_queue_frame(struct node *n, struct span frame)
{
	n->frames = array_room(n->frames, n->n_frames, &n->cap_frames,
			       sizeof(*n->frames));
	n->frames[n->n_frames++] = actions_keep(n, frame, SPAN(NULL, 0));
}

void node_queue_send(struct node *n, int port, uint64_t airtime_us)
{
	struct node_action *a;
	size_t taken = 0;

	if (n->uncommitted)	/* it may speak of what came in */
		node_queue_commit(n);
	a = actions_add(n, NODE_SEND, port);
	for (size_t i = 0; i + 1 < n->n_actions; i++)
		if (n->actions[i].type == NODE_SEND)
			taken += n->actions[i].n_frames;
	a->n_frames = n->n_frames - taken;
	a->airtime_us = airtime_us;
}

void node_queue_append(struct node *n, uint16_t type, uint32_t slot,
		       struct span head, struct span tail)
{
	struct span record = actions_keep(n, head, tail);
	struct node_action *a = actions_add(n, NODE_APPEND, -1);

	a->record_type = type;
	a->slot = slot;
	a->record = record;
	n->appended = true;
	n->uncommitted += record.n;
}

void node_queue_commit(struct node *n)
{
	n->uncommitted = 0;
	actions_add(n, NODE_COMMIT, -1);
}

void node_queue_note(struct node *n, enum node_note note, int port,
		     const char *text)
{
	struct span kept = actions_keep(n, SPAN(text, strlen(text) + 1),
					SPAN(NULL, 0));
	struct node_action *a = actions_add(n, NODE_NOTE, port);

	a->note = note;
	a->record = kept;
}

static void actions_fix(struct node *n)
{
	const struct span *next = n->frames;

	for (size_t i = 0; i < n->n_frames; i++)
		n->frames[i].p = n->arena.p + (uintptr_t)n->frames[i].p;
	for (size_t i = 0; i < n->n_actions; i++) {
		struct node_action *a = &n->actions[i];

		if (a->type == NODE_SEND) {
			a->frames = next;
			next += a->n_frames;
		} else if (a->type == NODE_APPEND) {
			a->record.p = n->arena.p + (uintptr_t)a->record.p;
		} else if (a->type == NODE_NOTE) {
			a->text = (const char *)n->arena.p +
				(uintptr_t)a->record.p;
			a->record = SPAN(NULL, 0);
		}
	}
	n->actions_fixed = true;
}

const struct node_action *node_actions(struct node *n, size_t *count)
{
	if (!n->actions_fixed)
		actions_fix(n);
	*count = n->n_actions;
	return n->actions;
}
