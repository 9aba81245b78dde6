#include "fault/held.h"

#include <assert.h>
#include <stdlib.h>

void
held_init(struct held *h)
{
	STAILQ_INIT(&h->pieces);
	h->memory = 0;
}

void
held_free(struct held *h)
{
	while (!held_is_empty(h))
		held_drop(h);
}

struct held_piece *
held_add(struct held *h, size_t length)
{
	struct held_piece *piece = malloc(sizeof(*piece) + length);

	assert(length <= UINT16_MAX);
	if (piece == NULL)
		return NULL;
	*piece = (struct held_piece){ .length = (uint16_t)length };
	STAILQ_INSERT_TAIL(&h->pieces, piece, link);
	h->memory += sizeof(*piece) + length;
	return piece;
}

void
held_drop(struct held *h)
{
	struct held_piece *piece = held_first(h);

	h->memory -= sizeof(*piece) + piece->length;
	STAILQ_REMOVE_HEAD(&h->pieces, link);
	free(piece);
}
