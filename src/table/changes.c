#include "table/changes.h"

#include <stdlib.h>

#include "base/client.h"
#include "base/hosts.h"
#include "base/who.h"

#define ADDRESSES    65536
#define KINDS        2
#define BLOCK        64 /* addresses that are skipped at once */
#define BLOCKS       (ADDRESSES / BLOCK)
#define COILS_A_WORD 16
#define OVERLAID_END 4096 /* registers below it are coils */
#define NOBODY       0

struct kind {
	uint32_t ticks[ADDRESSES];   /* 0: never */
	uint16_t writers[ADDRESSES]; /* numbers, from 1 on */
	uint32_t latest[BLOCKS];     /* the highest tick of each block */
};

struct changes {
	struct datatable *table; /* borrowed */
	struct datatable_observer observer;
	bool overlaid;
	bool dirty;               /* there was a change in the present tick */
	uint32_t tick;            /* the present one */
	struct kind kinds[KINDS]; /* by enum datatable_kind */

	struct hosts *hosts; /* owned: the writers, tagged by writer_tag */
	uint32_t full_since; /* the tick of the last remove_writers */
	struct changes_writer writers[CHANGES_WRITERS_MAX];
};

/* Remove the writers all of whose addresses have been changed by others
 * since. */
static void
remove_writers(struct changes *c)
{
	bool used[CHANGES_WRITERS_MAX + 1] = { false };

	for (int kind = 0; kind < KINDS; kind++)
		for (uint32_t i = 0; i < ADDRESSES; i++)
			used[c->kinds[kind].writers[i]] = true;
	for (uint32_t i = 0; i < CHANGES_WRITERS_MAX; i++) {
		if (used[i + 1])
			continue;
		hosts_remove(c->hosts, i);
		identity_release(c->writers[i].identity);
		c->writers[i].identity = NULL;
	}
}

static uint16_t
writer_tag(const struct datatable_writer *w)
{
	return (uint16_t)(w->unit << 8 | w->function);
}

/* The number of a writer, or NOBODY when there are too many. Unused writers are
 * removed at most once in a tick. */
static uint16_t
writer_number(struct changes *c, const struct datatable_writer *w)
{
	uint32_t i = who_use(c->hosts, w->client, writer_tag(w));

	if (i == HOSTS_NONE && c->full_since != c->tick) {
		c->full_since = c->tick;
		remove_writers(c);
		i = who_use(c->hosts, w->client, writer_tag(w));
	}
	if (i == HOSTS_NONE)
		return NOBODY;
	if (c->writers[i].identity != w->client->identity)
		identity_hold(w->client->identity); /* it is new */
	c->writers[i] = (struct changes_writer){
		who_host(w->client),
		w->client->identity,
		w->unit,
		w->function,
	};
	return (uint16_t)(i + 1);
}

static void
mark(struct changes *c, enum datatable_kind kind, uint32_t address,
    uint16_t writer)
{
	struct kind *k = &c->kinds[kind];

	k->ticks[address] = c->tick;
	k->writers[address] = writer;
	k->latest[address / BLOCK] = c->tick;
	c->dirty = true;
}

static void
mark_registers(
    struct changes *c, const struct datatable_change *change, uint16_t writer)
{
	for (uint32_t i = 0; i < change->quantity; i++) {
		uint32_t address = change->address + i;
		unsigned flips = change->before[i] ^ change->after[i];

		if (flips == 0)
			continue;
		mark(c, DATATABLE_REGISTERS, address, writer);
		if (!c->overlaid || address >= OVERLAID_END)
			continue;
		for (unsigned bit = 0; bit < COILS_A_WORD; bit++)
			if (flips >> bit & 1)
				mark(c, DATATABLE_COILS,
				    address * COILS_A_WORD + bit, writer);
	}
}

static void
mark_coils(
    struct changes *c, const struct datatable_change *change, uint16_t writer)
{
	for (uint32_t i = 0; i < change->quantity; i++) {
		uint32_t address = change->address + i;
		unsigned flips = (unsigned)(change->before[i / COILS_A_WORD] ^
		    change->after[i / COILS_A_WORD]);

		if (flips == 0) {
			i |= COILS_A_WORD - 1; /* no coil of this word */
			continue;
		}
		if (!(flips >> i % COILS_A_WORD & 1))
			continue;
		mark(c, DATATABLE_COILS, address, writer);
		if (c->overlaid)
			mark(c, DATATABLE_REGISTERS, address / COILS_A_WORD,
			    writer);
	}
}

static void
changed(void *arg, const struct datatable_change *change)
{
	struct changes *c = arg;
	uint16_t writer;

	if (change->before == change->after)
		return;
	writer = writer_number(c, change->writer);
	if (change->kind == DATATABLE_REGISTERS)
		mark_registers(c, change, writer);
	else
		mark_coils(c, change, writer);
}

struct changes *
changes_new(struct datatable *table, enum datatable_overlay overlay)
{
	struct changes *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->hosts = hosts_new(CHANGES_WRITERS_MAX);
	if (c->hosts == NULL) {
		free(c);
		return NULL;
	}
	c->overlaid = overlay == DATATABLE_OVERLAID;
	c->tick = 1;
	c->table = table;
	c->observer.changed = changed;
	c->observer.arg = c;
	datatable_observe(table, &c->observer);
	return c;
}

void
changes_free(struct changes *c)
{
	if (c == NULL)
		return;
	datatable_unobserve(c->table, &c->observer);
	for (size_t i = 0; i < CHANGES_WRITERS_MAX; i++)
		identity_release(c->writers[i].identity);
	hosts_free(c->hosts);
	free(c);
}

uint32_t
changes_tick(struct changes *c)
{
	if (c->dirty) {
		c->dirty = false;
		c->tick++;
	}
	return c->tick - 1;
}

/* The first address at or above from that changed after tick, or ADDRESSES. */
static uint32_t
first_after(const struct kind *k, uint32_t tick, uint32_t from)
{
	while (from < ADDRESSES) {
		if (k->latest[from / BLOCK] <= tick)
			from = (from / BLOCK + 1) * BLOCK;
		else if (k->ticks[from] <= tick)
			from++;
		else
			return from;
	}
	return ADDRESSES;
}

bool
changes_next(const struct changes *c, enum datatable_kind kind, uint32_t tick,
    uint32_t from, uint16_t most, struct changes_run *run)
{
	const struct kind *k = &c->kinds[kind];
	uint32_t first = first_after(k, tick, from);
	uint32_t end = first + 1;

	if (first == ADDRESSES)
		return false;
	while (end < ADDRESSES && end - first < most && k->ticks[end] > tick &&
	    k->writers[end] == k->writers[first])
		end++;
	*run = (struct changes_run){
		.address = (uint16_t)first,
		.quantity = (uint16_t)(end - first),
		.writer = k->writers[first] == NOBODY ?
		    NULL :
		    &c->writers[k->writers[first] - 1],
	};
	return true;
}
