#include "state/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/identity.h"

/* Changes are stored one after another; their lengths differ. */
struct batch {
	unsigned char *changes; /* owned */
	size_t length;
	size_t capacity;
	unsigned count;
	bool has_identities;           /* of clients, each of them held */
	const struct datatable *table; /* borrowed; see batch_set_table */
};

/* The size of a change with so many words before, and as many after. */
static size_t
change_size(size_t words)
{
	const size_t step = _Alignof(struct batch_change);
	size_t size =
	    sizeof(struct batch_change) + 2 * words * sizeof(uint16_t);

	return (size + step - 1) / step * step;
}

static size_t
words_of(enum datatable_kind kind, unsigned quantity)
{
	return kind == DATATABLE_COILS ? DATATABLE_PACKED_WORDS(quantity) :
					 quantity;
}

struct batch *
batch_new(void)
{
	return calloc(1, sizeof(struct batch));
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	batch_clear(b);
	free(b->changes);
	free(b);
}

int
batch_reserve(struct batch *b, size_t changes, size_t words)
{
	size_t needed = changes * change_size(words);
	size_t capacity = 2 * (b->capacity + needed);
	unsigned char *space;

	if (b->capacity - b->length >= needed)
		return 0;
	space = realloc(b->changes, capacity);
	if (space == NULL)
		return -1;
	b->changes = space;
	b->capacity = capacity;
	return 0;
}

static const struct batch_change *
change_at(const struct batch *b, size_t place)
{
	return (const void *)(b->changes + place);
}

void
batch_add(struct batch *b, const struct datatable_change *change, int64_t time)
{
	struct batch_change *c = (void *)(b->changes + b->length);
	size_t words = words_of(change->kind, change->quantity);

	assert(b->capacity - b->length >= change_size(words));
	*c = (struct batch_change){
		.time = time,
		.client = *change->writer->client,
		.unit = change->writer->unit,
		.function = change->writer->function,
		.kind = change->kind,
		.address = change->address,
		.quantity = change->quantity,
	};
	if (identity_hold(c->client.identity) != NULL)
		b->has_identities = true;
	memcpy(c->words, change->before, words * sizeof(*c->words));
	memcpy(c->words + words, change->after, words * sizeof(*c->words));
	b->length += change_size(words);
	b->count++;
}

void
batch_set_table(struct batch *b, const struct datatable *table)
{
	b->table = table;
}

const struct datatable *
batch_table(const struct batch *b)
{
	return b->table;
}

static void
release_identities(struct batch *b)
{
	for (const struct batch_change *c = batch_first(b); c != NULL;
	     c = batch_next(b, c))
		identity_release(c->client.identity);
	b->has_identities = false;
}

void
batch_clear(struct batch *b)
{
	if (b->has_identities)
		release_identities(b);
	b->length = 0;
	b->count = 0;
	b->table = NULL;
}

bool
batch_is_empty(const struct batch *b)
{
	return b->length == 0 && b->table == NULL;
}

bool
batch_has_identities(const struct batch *b)
{
	return b->has_identities;
}

unsigned
batch_count(const struct batch *b)
{
	return b->count;
}

size_t
batch_size(const struct batch *b)
{
	return b->length;
}

const struct batch_change *
batch_first(const struct batch *b)
{
	return b->length == 0 ? NULL : change_at(b, 0);
}

const struct batch_change *
batch_next(const struct batch *b, const struct batch_change *c)
{
	size_t place = (size_t)((const unsigned char *)c - b->changes) +
	    change_size(words_of(c->kind, c->quantity));

	return place == b->length ? NULL : change_at(b, place);
}

const uint16_t *
batch_before(const struct batch_change *c)
{
	return c->words;
}

const uint16_t *
batch_after(const struct batch_change *c)
{
	return c->words + words_of(c->kind, c->quantity);
}
