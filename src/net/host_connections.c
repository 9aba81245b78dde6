#include "net/host_connections.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#define BUCKETS 4096

struct entry {
	struct entry *next;
	struct address host; /* the port is anybody's */
	size_t count;        /* at least 1 */
};

/* A chained hash table. The seed keeps clients that choose their addresses
 * from meeting in one bucket. */
struct census {
	uint64_t seed;
	struct entry *buckets[BUCKETS];
};

struct census *
census_new(void)
{
	struct census *census = calloc(1, sizeof(*census));

	if (census != NULL &&
	    getrandom(&census->seed, sizeof(census->seed), GRND_NONBLOCK) < 0)
		census->seed = (uintptr_t)census;
	return census;
}

void
census_free(struct census *census)
{
	if (census == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (census->buckets[i] != NULL) {
			struct entry *gone = census->buckets[i];

			census->buckets[i] = gone->next;
			free(gone);
		}
	free(census);
}

static size_t
bucket_of(const struct census *census, const struct address *a)
{
	return address_hash(a, census->seed) % BUCKETS;
}

/* Where the entry of an address hangs, or would. */
static struct entry **
find(struct census *census, const struct address *a)
{
	struct entry **e = &census->buckets[bucket_of(census, a)];

	while (*e != NULL && !address_same_host(&(*e)->host, a))
		e = &(*e)->next;
	return e;
}

size_t
census_count(const struct census *census, const struct address *a)
{
	const struct entry *e;

	if (census == NULL)
		return 0;
	e = census->buckets[bucket_of(census, a)];
	while (e != NULL && !address_same_host(&e->host, a))
		e = e->next;
	return e == NULL ? 0 : e->count;
}

int
census_enter(struct census *census, const struct address *a)
{
	struct entry **at, *e;

	if (census == NULL)
		return 0;
	at = find(census, a);
	e = *at;
	if (e == NULL) {
		e = calloc(1, sizeof(*e));
		if (e == NULL)
			return -1;
		e->host = *a;
		*at = e;
	}
	e->count++;
	return 0;
}

void
census_leave(struct census *census, const struct address *a)
{
	struct entry **e, *gone;

	if (census == NULL)
		return;
	e = find(census, a);
	gone = *e;
	assert(gone != NULL);
	if (--gone->count == 0) {
		*e = gone->next;
		free(gone);
	}
}
