#include "state/unsaved.h"

#include <string.h>

#define COILS_PER_WORD 16

/* A range of words, by their bits. */
struct words {
	unsigned first, last;
};

static struct words
words_of(enum datatable_overlay overlay, const struct datatable_change *change)
{
	unsigned first = change->address;
	unsigned last = first + change->quantity - 1U;

	if (change->kind == DATATABLE_COILS) {
		unsigned begin =
		    overlay == DATATABLE_OVERLAID ? 0 : UNSAVED_REGISTERS;

		first = begin + first / COILS_PER_WORD;
		last = begin + last / COILS_PER_WORD;
	}
	return (struct words){ first, last };
}

void
unsaved_add(struct unsaved *u, const struct datatable_change *change)
{
	const struct words w = words_of(u->overlay, change);

	for (unsigned i = w.first; i <= w.last; i++)
		u->bits[i / 8] |= (uint8_t)(1U << i % 8);
	u->any = true;
}

bool
unsaved_has(const struct unsaved *u, const struct datatable_change *change)
{
	struct words w;

	if (!u->any)
		return false;
	w = words_of(u->overlay, change);
	for (unsigned i = w.first; i <= w.last; i++)
		if ((u->bits[i / 8] >> i % 8 & 1) != 0)
			return true;
	return false;
}

void
unsaved_clear(struct unsaved *u)
{
	memset(u->bits, 0, sizeof(u->bits));
	u->any = false;
}
