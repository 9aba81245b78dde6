#include "table/writers.h"

#include <stdlib.h>
#include <sys/random.h>

#define BUCKETS 512

struct entry {
	struct writer writer;
	uint64_t order;  /* of its last write among all; 0: number is free */
	uint16_t number; /* its own */
	uint16_t next;   /* in its bucket, or among the free */
};

/* A chained hash table whose links are numbers; 0 ends a chain. */
struct writers {
	struct entry entries[WRITERS_END];
	uint16_t buckets[BUCKETS];
	uint16_t unused;      /* the first of the free numbers */
	struct entry *recent; /* who wrote last, or NULL */
	uint64_t seed;
	uint64_t writes;
	size_t known;
	uint64_t forgotten;
};

struct writers *
writers_new(void)
{
	struct writers *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	if (getrandom(&w->seed, sizeof(w->seed), GRND_NONBLOCK) < 0)
		w->seed = (uintptr_t)w;
	for (uint16_t i = WRITERS_END - 1; i >= WRITERS_FIRST; i--) {
		w->entries[i].number = i;
		w->entries[i].next = w->unused;
		w->unused = i;
	}
	return w;
}

void
writers_free(struct writers *w)
{
	free(w);
}

static uint16_t *
bucket_of(struct writers *w, const struct address *a)
{
	return &w->buckets[address_hash(a, w->seed) % BUCKETS];
}

static bool
is(const struct writers *w, uint16_t number, const struct address *a)
{
	return address_same_host(&w->entries[number].writer.address, a);
}

/* The number of a client, or WRITERS_NOBODY. */
static uint16_t
find(struct writers *w, const struct address *a)
{
	uint16_t number = *bucket_of(w, a);

	while (number != WRITERS_NOBODY && !is(w, number, a))
		number = w->entries[number].next;
	return number;
}

/* A number for a new client, or WRITERS_NOBODY when there is no room. */
static uint16_t
add(struct writers *w, const struct address *a)
{
	uint16_t *bucket = bucket_of(w, a);
	uint16_t number = w->unused;
	struct entry *e = &w->entries[number];

	if (number == WRITERS_NOBODY)
		return WRITERS_NOBODY;
	w->unused = e->next;
	*e = (struct entry){
		.writer.address = *a,
		.number = number,
		.next = *bucket,
	};
	e->writer.address.port = 0;
	*bucket = number;
	w->known++;
	return number;
}

/* Not inlined, as it is seldom needed. NULL: there is no room. */
static struct entry *__attribute__((noinline))
find_or_add(struct writers *w, const struct address *a)
{
	uint16_t number = find(w, a);

	if (number == WRITERS_NOBODY)
		number = add(w, a);
	return number == WRITERS_NOBODY ? NULL : &w->entries[number];
}

uint16_t
writers_count(struct writers *w, const struct address *a, uint64_t time)
{
	struct entry *e = w->recent;

	/* Usually it is the one that wrote last. */
	if (e == NULL || !address_same_host(&e->writer.address, a))
		e = find_or_add(w, a);
	if (e == NULL)
		return WRITERS_NOBODY;
	w->recent = e;
	e->order = ++w->writes;
	e->writer.writes++;
	e->writer.time = time;
	return e->number;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The order of the last write that is in the older half. */
static uint64_t
older_half(const struct writers *w)
{
	uint64_t orders[WRITERS_ROOM];
	size_t n = 0;

	for (uint16_t i = WRITERS_FIRST; i < WRITERS_END; i++)
		if (w->entries[i].order != 0)
			orders[n++] = w->entries[i].order;
	if (n < 2)
		return 0;
	qsort(orders, n, sizeof(*orders), compare);
	return orders[n / 2 - 1];
}

/* Remove a client from its bucket, and free its number. */
static void
forget(struct writers *w, uint16_t number)
{
	struct entry *e = &w->entries[number];
	uint16_t *link = bucket_of(w, &e->writer.address);

	while (*link != number)
		link = &w->entries[*link].next;
	*link = e->next;
	*e = (struct entry){ .number = number, .next = w->unused };
	w->unused = number;
	w->known--;
	w->forgotten++;
}

void
writers_forget(struct writers *w, bool gone[WRITERS_END])
{
	uint64_t last = older_half(w);

	for (uint16_t i = 0; i < WRITERS_END; i++) {
		uint64_t order = w->entries[i].order;

		gone[i] = order != 0 && order <= last;
		if (gone[i])
			forget(w, i);
	}
}

const struct writer *
writers_get(const struct writers *w, uint16_t number)
{
	if (number >= WRITERS_END || w->entries[number].order == 0)
		return NULL;
	return &w->entries[number].writer;
}

size_t
writers_known(const struct writers *w)
{
	return w->known;
}

uint64_t
writers_forgotten(const struct writers *w)
{
	return w->forgotten;
}
