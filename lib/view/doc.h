/* SPDX-License-Identifier: MIT
 *
 * The rule of documents: elements in an order that all agree on, each with a
 * type and registers (lib/view/field.h), out of the operations of all feeds.
 *
 *   insert   an element, named by its event's id; beside another one
 *   update   a register of an element; the last writer wins, bases beat clocks
 *   delete   takes the element away, for ever
 *
 * Operations on an element that is not there yet wait for it. Deleted ones
 * keep their place, for others stand beside them.
 *
 * Order. An insert says which element it follows or precedes, or neither: then
 * it follows the beginning. That makes a tree,
 *
 *         b        a               shown: what precedes, the element, what
 *        / \      / \              follows; each side by position, then by the
 *   before  after ...              total order
 *
 * in which a run typed at one station, forwards or backwards, is a branch of
 * its own: runs of two stations at one place stand one after the other
 * (doc_place says where to hang an element so that this holds). A position is
 * a list of (digit, actor), a prefix first: elements that come from a
 * document ordered that way keep their order with it. Elements whose neighbour
 * is not known stand at the end, until it is.
 */
#pragma once
#include "lib/view/field.h"
#include "lib/view/versions.h"

#define DOC_CELL_SIZE 16	/* of a position: digit u64 | actor u64, big-endian */

struct element {
	struct table_entry id;		/* first: an entry of the document */
	bool inserted, deleted, before;
	struct order at;		/* of the insert */
	struct element *beside;		/* root: the beginning */
	struct span type, pos;		/* in `text` */
	uint8_t *text;
	struct table fields;		/* of struct named_field */
	/* set when settled: its neighbours in doc->placed */
	size_t first;
	uint32_t n_before, n_after;
};

struct doc {
	struct table_entry name;	/* first: an entry of the view */
	struct table elements;
	struct element root;
	struct element **placed;	/* the inserted ones, siblings together */
	struct element **order;		/* as they stand */
	size_t n, cap, n_order;
	size_t n_orphans;		/* their neighbour is not known */
	bool stale;			/* the order, since an insert */
	struct versions versions;	/* of its operations */
};

enum doc_side { DOC_AFTER, DOC_BEFORE };

struct doc_insert {
	struct order at;
	struct span id, beside;		/* beside.n = 0: the beginning */
	enum doc_side side;
	struct span type, pos;		/* pos: DOC_CELL_SIZE a cell */
};

/* The element of that name, made if need be. */
struct element *doc_element(struct doc *d, const uint8_t seed[16],
			    struct span id);
/* Two inserts of one id: the one of the lesser order counts. */
struct element *doc_insert(struct doc *d, const uint8_t seed[16],
			   const struct doc_insert *in);

/* Every inserted element in its order, deleted ones too: d->n_order of them,
 * borrowed until the next operation. */
struct element *const *doc_order(struct doc *d);
/* Where an element that is to stand right after `e` (NULL: at the beginning)
 * has to be inserted: beside which element, and on which side. NULL: beside
 * the beginning. */
const struct element *doc_place(struct doc *d, const struct element *e,
				enum doc_side *side);
void doc_fini(struct doc *d);
