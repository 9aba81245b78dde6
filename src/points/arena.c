#include "points/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

static struct arena_block *
add_block(struct arena *a, size_t size)
{
	struct arena_block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		return NULL;
	*b = (struct arena_block){ .next = a->blocks, .size = size };
	a->blocks = b;
	return b;
}

void *
arena_take(struct arena *a, size_t size)
{
	const size_t unit = alignof(max_align_t);
	struct arena_block *b = a->blocks;
	void *bytes;

	size = (size + unit - 1) / unit * unit;
	if (b == NULL || b->size - b->used < size)
		b = add_block(a, size > BLOCK_SIZE ? size : BLOCK_SIZE);
	if (b == NULL)
		return NULL;
	bytes = b->bytes + b->used;
	b->used += size;
	return bytes;
}

void *
arena_copy(struct arena *a, const void *bytes, size_t size)
{
	void *copy = arena_take(a, size);

	return copy == NULL ? NULL : memcpy(copy, bytes, size);
}

void
arena_free(struct arena *a)
{
	while (a->blocks != NULL) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
}
