#include "base/hosts.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "system/random.h"

#define LISTS_MAX 65536

/* The end of the ring has this for its variant, and no host has. */
#define RING_END UINT64_MAX

struct host {
	struct in6_addr ip;
	uint64_t variant; /* see variant_of */
	uint32_t number;
	struct host *next;  /* in its list, or among the free ones */
	struct host *newer; /* the next more recently active one */
	struct host *older; /* NULL: it is free */
};

/* A list of the hash table. */
struct list {
	struct host *first;
};

/*
 * The hosts by activity are a ring, whose end is between the newest and the
 * oldest one, so that no link is special:
 *
 *     end.older -> newest -> ... older ... -> oldest -> end
 */
struct hosts {
	uint64_t seed;
	uint32_t max;
	uint32_t count;
	uint32_t given;      /* this many numbers have ever been used */
	uint32_t list_count; /* of the hash table */
	struct list *lists;  /* owned */
	struct host *free;   /* the last removed one, or NULL */
	struct host end;
	struct host hosts[]; /* by number */
};

struct hosts *
hosts_new(uint32_t max)
{
	struct hosts *h =
	    calloc(1, sizeof(*h) + (size_t)max * sizeof(h->hosts[0]));

	if (h == NULL)
		return NULL;
	h->max = max;
	h->end.variant = RING_END;
	h->end.newer = h->end.older = &h->end;
	h->list_count = max < LISTS_MAX ? max : LISTS_MAX;
	h->lists = calloc(h->list_count, sizeof(*h->lists));
	if (h->lists == NULL) {
		free(h);
		return NULL;
	}
	if (random_bytes(&h->seed, sizeof(h->seed)) != 0)
		h->seed = (uintptr_t)h;
	return h;
}

void
hosts_free(struct hosts *h)
{
	if (h != NULL)
		free(h->lists);
	free(h);
}

uint32_t
hosts_count(const struct hosts *h)
{
	return h->count;
}

/* What distinguishes hosts of one IP address, in one number because that is
 * quickly compared. */
static uint64_t
variant_of(const struct address *a, uint16_t tag)
{
	return (uint64_t)tag << 32 | a->scope;
}

static struct address
address_of(const struct host *host)
{
	const struct address a = {
		.ip = host->ip,
		.scope = (uint32_t)host->variant,
	};

	return a;
}

/* The product spreads the tags of one host over the lists. */
static struct host **
list_of(const struct hosts *h, const struct address *a, uint16_t tag)
{
	uint64_t hash =
	    address_hash(a, h->seed) + tag * UINT64_C(0x9E3779B97F4A7C15);

	return &h->lists[(hash >> 32) * h->list_count >> 32].first;
}

static bool
is(const struct host *host, const struct address *a, uint16_t tag)
{
	return memcmp(&host->ip, &a->ip, sizeof(a->ip)) == 0 &&
	    host->variant == variant_of(a, tag);
}

static struct host *
find(const struct hosts *h, const struct address *a, uint16_t tag)
{
	struct host *host = *list_of(h, a, tag);

	while (host != NULL && !is(host, a, tag))
		host = host->next;
	return host;
}

uint32_t
hosts_find(const struct hosts *h, const struct address *a, uint16_t tag)
{
	const struct host *host = find(h, a, tag);

	return host == NULL ? HOSTS_NONE : host->number;
}

/* Take a host out of the ring. */
static void
unlink_host(struct host *host)
{
	host->newer->older = host->older;
	host->older->newer = host->newer;
}

static void
link_newest(struct hosts *h, struct host *host)
{
	host->newer = &h->end;
	host->older = h->end.older;
	host->older->newer = host;
	h->end.older = host;
}

static void
make_newest(struct hosts *h, struct host *host)
{
	unlink_host(host);
	link_newest(h, host);
}

/* One that is not used, or NULL. */
static struct host *
take_free(struct hosts *h)
{
	struct host *host = h->free;

	if (host != NULL) {
		h->free = host->next;
	} else if (h->given < h->max) {
		host = &h->hosts[h->given];
		host->number = h->given++;
	}
	return host;
}

/* Add a host and make it the newest. NULL: there is no room. */
static struct host *
add(struct hosts *h, const struct address *a, uint16_t tag)
{
	struct host **list = list_of(h, a, tag);
	struct host *host = take_free(h);

	if (host == NULL)
		return NULL;
	host->ip = a->ip;
	host->variant = variant_of(a, tag);
	host->next = *list;
	*list = host;
	link_newest(h, host);
	h->count++;
	return host;
}

/* Not inlined, as it is seldom needed. */
static uint32_t __attribute__((noinline))
use_another(struct hosts *h, const struct address *a, uint16_t tag)
{
	struct host *host = find(h, a, tag);

	if (host == NULL)
		host = add(h, a, tag);
	else
		make_newest(h, host);
	return host == NULL ? HOSTS_NONE : host->number;
}

uint32_t
hosts_use(struct hosts *h, const struct address *a, uint16_t tag)
{
	const struct host *newest = h->end.older;

	if (__builtin_expect(is(newest, a, tag), true))
		return newest->number;
	return use_another(h, a, tag);
}

/* The host with a number, which must be in use. */
static const struct host *
numbered(const struct hosts *h, uint32_t number)
{
	assert(number < h->max && h->hosts[number].older != NULL);
	return &h->hosts[number];
}

void
hosts_touch(struct hosts *h, uint32_t number)
{
	if (numbered(h, number) != h->end.older)
		make_newest(h, &h->hosts[number]);
}

struct address
hosts_address(const struct hosts *h, uint32_t number)
{
	return address_of(numbered(h, number));
}

void
hosts_remove(struct hosts *h, uint32_t number)
{
	const struct host *gone = numbered(h, number);
	const struct address a = address_of(gone);
	struct host **link = list_of(h, &a, (uint16_t)(gone->variant >> 32));
	struct host *host;

	while (*link != gone)
		link = &(*link)->next;
	host = *link;
	*link = host->next;
	unlink_host(host);
	host->older = NULL;
	host->next = h->free;
	h->free = host;
	h->count--;
}

uint32_t
hosts_evict(struct hosts *h)
{
	uint32_t number = h->end.newer->number;

	assert(h->count > 0);
	hosts_remove(h, number);
	return number;
}
