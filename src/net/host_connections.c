#include "net/host_connections.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hosts.h"

struct host_connections {
	struct hosts *hosts; /* owned: those that have connections */
	uint32_t counts[];   /* by number in hosts */
};

struct host_connections *
host_connections_new(size_t connections_max)
{
	uint32_t max = connections_max < HOST_CONNECTIONS_MAX ?
	    (uint32_t)connections_max :
	    HOST_CONNECTIONS_MAX;
	struct host_connections *h =
	    calloc(1, sizeof(*h) + max * sizeof(h->counts[0]));

	if (h == NULL)
		return NULL;
	h->hosts = hosts_new(max);
	if (h->hosts == NULL) {
		free(h);
		return NULL;
	}
	return h;
}

void
host_connections_free(struct host_connections *h)
{
	if (h != NULL)
		hosts_free(h->hosts);
	free(h);
}

size_t
host_connections_count(
    const struct host_connections *h, const struct address *a)
{
	uint32_t number = h == NULL ? HOSTS_NONE : hosts_find(h->hosts, a, 0);

	return number == HOSTS_NONE ? 0 : h->counts[number];
}

int
host_connections_add(struct host_connections *h, const struct address *a)
{
	uint32_t number;

	if (h == NULL)
		return 0;
	number = hosts_use(h->hosts, a, 0);
	if (number == HOSTS_NONE)
		return -1;
	h->counts[number]++;
	return 0;
}

void
host_connections_remove(struct host_connections *h, const struct address *a)
{
	uint32_t number;

	if (h == NULL)
		return;
	number = hosts_find(h->hosts, a, 0);
	assert(number != HOSTS_NONE);
	if (--h->counts[number] == 0)
		hosts_remove(h->hosts, number);
}
