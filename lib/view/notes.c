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

static int note_compare(const void *a, const void *b)
{
	return order_compare(&((const struct note *)a)->at,
			     &((const struct note *)b)->at);
}

void notes_settle(struct pile *notes)
{
	pile_settle(notes, note_compare);
}
