#include "shared/member.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/identity.h"
#include "member_private.h"
#include "shared/snapshot.h"

/* A refused write is a trouble for so long. */
#define REFUSED_MS 5000

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

static const uint64_t took_bounds[HISTOGRAM_BUCKETS] = { 50 * US, 100 * US,
	200 * US, 500 * US, 1 * MS, 2 * MS, 5 * MS, 10 * MS, 20 * MS, 50 * MS,
	100 * MS, 200 * MS, 500 * MS, 1000 * MS, 2000 * MS, 5000 * MS };

static void
member_init(struct member *m, const struct member_config *config)
{
	m->config = *config;
	m->engine = config->engine;
	m->engine->events = &member_events;
	m->engine->arg = m;
	m->order = (struct order){ .submit = member_submit, .arg = m };
	replica_init(&m->served, config->table, config->overlay);
	m->reading = &m->served;
	m->figures.took.bounds = took_bounds;
}

struct member *
member_new(const struct member_config *config)
{
	struct member *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		config->engine->methods->free(config->engine);
		return NULL;
	}
	member_init(m, config);
	m->snapshot = malloc(SNAPSHOT_MAX);
	if (m->snapshot != NULL && member_life_new(m) == 0 &&
	    member_write_new(m) == 0 && member_servers_new(m) == 0)
		return m;
	member_free(m);
	return NULL;
}

void
member_free(struct member *m)
{
	if (m == NULL)
		return;
	m->engine->methods->free(m->engine);
	member_load_cancel(m);
	member_servers_free(m);
	member_write_free(m);
	member_life_free(m);
	identity_release(m->identity);
	free(m->snapshot);
	free(m);
}

struct order *
member_order(struct member *m)
{
	return &m->order;
}

static bool
refuses(const struct member *m)
{
	return m->refusing && clock_ms() < m->refused_at + REFUSED_MS;
}

const char *
member_trouble(const struct member *m)
{
	if (m->state == MEMBER_LIVE ? refuses(m) : m->hello_refused)
		return "degraded: the engine refuses writes";
	if (m->state == MEMBER_LIVE)
		return NULL;
	if (m->no_table)
		return "degraded: the engine has lost the table, writes are "
		       "refused";
	return "degraded: the engine is away, writes are refused";
}

const struct member_figures *
member_figures(struct member *m)
{
	m->figures.connected = m->state == MEMBER_LIVE;
	m->figures.writable = m->figures.connected && !refuses(m);
	m->figures.entry = m->served.number;
	m->figures.outstanding = pending_count(m->pending);
	return &m->figures;
}

const char *
member_engine(const struct member *m)
{
	return m->engine->methods->describe(m->engine);
}
