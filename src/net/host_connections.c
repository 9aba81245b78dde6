#include "net/host_connections.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

#define BUCKETS 4096

struct entry {
	struct entry *next;
	struct address host; /* the port is not used */
	size_t count;        /* at least 1 */
};

/* A chained hash table. The seed is random, so that clients cannot choose
 * addresses that share a bucket. */
struct host_connections {
	uint64_t seed;
	struct entry *buckets[BUCKETS];
};

struct host_connections *
host_connections_new(void)
{
	struct host_connections *h = calloc(1, sizeof(*h));

	if (h != NULL &&
	    getrandom(&h->seed, sizeof(h->seed), GRND_NONBLOCK) < 0)
		h->seed = (uintptr_t)h;
	return h;
}

void
host_connections_free(struct host_connections *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (h->buckets[i] != NULL) {
			struct entry *gone = h->buckets[i];

			h->buckets[i] = gone->next;
			free(gone);
		}
	free(h);
}

static size_t
bucket_of(const struct host_connections *h, const struct address *a)
{
	return address_hash(a, h->seed) % BUCKETS;
}

/* The link to the entry of an address, or the link where it would be added. */
static struct entry **
find(struct host_connections *h, const struct address *a)
{
	struct entry **e = &h->buckets[bucket_of(h, a)];

	while (*e != NULL && !address_same_host(&(*e)->host, a))
		e = &(*e)->next;
	return e;
}

size_t
host_connections_count(
    const struct host_connections *h, const struct address *a)
{
	const struct entry *e;

	if (h == NULL)
		return 0;
	e = h->buckets[bucket_of(h, a)];
	while (e != NULL && !address_same_host(&e->host, a))
		e = e->next;
	return e == NULL ? 0 : e->count;
}

int
host_connections_add(struct host_connections *h, const struct address *a)
{
	struct entry **at, *e;

	if (h == NULL)
		return 0;
	at = find(h, a);
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
host_connections_remove(struct host_connections *h, const struct address *a)
{
	struct entry **e, *gone;

	if (h == NULL)
		return;
	e = find(h, a);
	gone = *e;
	assert(gone != NULL);
	if (--gone->count == 0) {
		*e = gone->next;
		free(gone);
	}
}
