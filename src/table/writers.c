#include "table/writers.h"

#include <stdlib.h>
#include <string.h>

#include "base/hosts.h"
#include "base/who.h"

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
	if (w == NULL)
		return;
	for (size_t i = 0; i < WRITERS_ROOM; i++)
		identity_release(w->writers[i].identity);
	hosts_free(w->hosts);
	free(w);
}

/* Not inlined, as it is seldom needed. */
static void __attribute__((noinline))
note_new(struct writer *writer, const struct client *who)
{
	writer->address = who_host(who);
	writer->identity = identity_hold(who->identity);
}

/* Count a write of the client with a number in hosts. */
static inline uint16_t
count(struct writers *w, uint32_t host, const struct client *who, uint64_t time)
{
	struct writer *writer;

	if (host == HOSTS_NONE)
		return WRITERS_NOBODY;
	writer = &w->writers[host];
	writer->time = time;
	if (writer->writes++ == 0)
		note_new(writer, who);
	return (uint16_t)(WRITERS_FIRST + host);
}

/* Its address may be another one each time. */
static uint16_t __attribute__((noinline))
count_identity(struct writers *w, const struct client *who, uint64_t time)
{
	uint32_t host = who_use_identity(w->hosts, who->identity, 0);
	uint16_t number = count(w, host, who, time);

	if (number != WRITERS_NOBODY)
		w->writers[host].address = who_host(who);
	return number;
}

uint16_t
writers_count(struct writers *w, const struct client *who, uint64_t time)
{
	if (__builtin_expect(who->identity != NULL, false))
		return count_identity(w, who, time);
	return count(w, hosts_use(w->hosts, &who->address, 0), who, time);
}

void
writers_forget(struct writers *w, bool gone[WRITERS_END])
{
	memset(gone, 0, WRITERS_END * sizeof(*gone));
	for (size_t half = writers_known(w) / 2; half > 0; half--) {
		uint32_t host = hosts_evict(w->hosts);

		identity_release(w->writers[host].identity);
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
