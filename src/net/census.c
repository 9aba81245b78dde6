#include "net/census.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS 4096

struct entry {
	struct entry *next;
	struct in6_addr ip;
	size_t count; /* at least 1 */
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

/* Let every bit of the argument reach every bit of the result. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

static size_t
bucket_of(const struct census *census, const struct in6_addr *ip)
{
	uint64_t halves[2];

	memcpy(halves, ip, sizeof(halves));
	return mix(mix(census->seed ^ halves[0]) ^ halves[1]) % BUCKETS;
}

/* Where the entry of an address hangs, or would. */
static struct entry **
find(struct census *census, const struct address *a)
{
	struct entry **e = &census->buckets[bucket_of(census, &a->ip)];

	while (*e != NULL && memcmp(&(*e)->ip, &a->ip, sizeof(a->ip)) != 0)
		e = &(*e)->next;
	return e;
}

size_t
census_count(const struct census *census, const struct address *a)
{
	const struct entry *e;

	if (census == NULL)
		return 0;
	e = census->buckets[bucket_of(census, &a->ip)];
	while (e != NULL && memcmp(&e->ip, &a->ip, sizeof(a->ip)) != 0)
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
		e->ip = a->ip;
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
