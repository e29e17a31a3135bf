/* SPDX-License-Identifier: MIT
 *
 * Notes, see notes.h. The same event twice is one note.
 */
#include "lib/view/notes.h"

void notes_add(struct pile *notes, const struct order *at, struct span text)
{
	struct note *note = view_alloc(sizeof(*note) + text.n);

	note->at = *at;
	note->text = SPAN(note + 1, text.n);
	if (text.n)
		memcpy(note + 1, text.p, text.n);
	pile_add(notes, note);
}

/* Texts differ under one order only where an import was forged. */
static int note_compare(const void *pa, const void *pb)
{
	const struct note *a = pa, *b = pb;
	int c = order_compare(&a->at, &b->at);

	return c ? c : span_compare(a->text, b->text);
}

void notes_settle(struct pile *notes)
{
	pile_settle(notes, note_compare);
}
