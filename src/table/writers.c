#include "table/writers.h"

#include <stdlib.h>
#include <string.h>

#include "base/hosts.h"

struct writers {
	struct hosts *hosts;                 /* owned */
	struct writer writers[WRITERS_ROOM]; /* by number in hosts */
	uint64_t forgotten;
};

struct writers *
writers_new(void)
{
	struct writers *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->hosts = hosts_new(WRITERS_ROOM);
	if (w->hosts == NULL) {
		free(w);
		return NULL;
	}
	return w;
}

void
writers_free(struct writers *w)
{
	if (w != NULL)
		hosts_free(w->hosts);
	free(w);
}

uint16_t
writers_count(struct writers *w, const struct address *a, uint64_t time)
{
	uint32_t host = hosts_use(w->hosts, a, 0);
	struct writer *writer;

	if (host == HOSTS_NONE)
		return WRITERS_NOBODY;
	writer = &w->writers[host];
	writer->time = time;
	if (writer->writes++ == 0)
		writer->address = hosts_address(w->hosts, host);
	return (uint16_t)(WRITERS_FIRST + host);
}

void
writers_forget(struct writers *w, bool gone[WRITERS_END])
{
	memset(gone, 0, WRITERS_END * sizeof(*gone));
	for (size_t half = writers_known(w) / 2; half > 0; half--) {
		uint32_t host = hosts_evict(w->hosts);

		w->writers[host] = (struct writer){ .writes = 0 };
		w->forgotten++;
		gone[WRITERS_FIRST + host] = true;
	}
}

const struct writer *
writers_get(const struct writers *w, uint16_t number)
{
	const struct writer *writer;

	if (number < WRITERS_FIRST || number >= WRITERS_END)
		return NULL;
	writer = &w->writers[number - WRITERS_FIRST];
	return writer->writes == 0 ? NULL : writer;
}

size_t
writers_known(const struct writers *w)
{
	return hosts_count(w->hosts);
}

uint64_t
writers_forgotten(const struct writers *w)
{
	return w->forgotten;
}
