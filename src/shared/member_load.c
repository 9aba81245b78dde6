#include <inttypes.h>

#include "base/client.h"
#include "base/clock.h"
#include "base/log.h"
#include "member_private.h"
#include "shared/snapshot.h"
#include "table/datatable.h"

/* A line, once, when the table is loaded anew. */
static void
tell_anew(struct member *m, bool behind)
{
	if (m->anew_told || m->served.number == 0)
		return;
	m->anew_told = true;
	if (behind)
		log_line(LOG_WARN,
		    "shared: the log does not go back to entry 1-%" PRIu64
		    " any more: loading the table anew",
		    m->served.number);
	else
		log_line(LOG_ERROR,
		    "shared: history has gone at entry 1-%" PRIu64
		    ": loading the table anew",
		    m->served.number);
}

/* A table of zeros to load into. Returns 0, or -1 when the connection was
 * dropped. */
static int
begin_loading(struct member *m)
{
	member_load_cancel(m);
	m->fresh = datatable_new(m->config.overlay);
	if (m->fresh == NULL) {
		member_drop(m, "out of memory");
		return -1;
	}
	replica_init(&m->loading, m->fresh, m->config.overlay);
	m->reading = &m->loading;
	return 0;
}

void
member_load(struct member *m, bool differs)
{
	m->anew = m->served.number != 0;
	if (differs)
		tell_anew(m, false);
	if (begin_loading(m) != 0)
		return;
	m->state = MEMBER_SNAPSHOT;
	m->engine->methods->get_snapshot(m->engine);
}

static void
find_first(struct member *m)
{
	m->state = MEMBER_FIRST;
	m->engine->methods->find(m->engine, 0);
}

/* Load the log from its start, if it is there. A line says so at the first try.
 */
static void
reject_snapshot(struct member *m, const char *why)
{
	if (!m->no_table)
		log_line(LOG_WARN, "shared: %s: the snapshot %s",
		    member_engine(m), why);
	find_first(m);
}

/* Whether a snapshot that does not decode is of a table of the other mode. */
static bool
is_other_mode(const struct member *m, const void *bytes, size_t length)
{
	enum datatable_overlay other = m->config.overlay == DATATABLE_OVERLAID ?
	    DATATABLE_SEPARATE :
	    DATATABLE_OVERLAID;
	struct datatable *table = datatable_new(other);
	struct replica r;
	bool is;

	if (table == NULL)
		return false;
	replica_init(&r, table, other);
	is = snapshot_decode(bytes, length, &r) == 0;
	datatable_free(table);
	return is;
}

void
member_load_snapshot(struct member *m, const void *bytes, size_t length)
{
	if (bytes == NULL) {
		find_first(m);
	} else if (snapshot_decode(bytes, length, &m->loading) == 0) {
		m->state = MEMBER_MATCHING;
		m->engine->methods->find(m->engine, m->loading.number);
	} else if (is_other_mode(m, bytes, length)) {
		member_other_mode(m);
	} else {
		reject_snapshot(m, "is damaged");
	}
}

/* Own writes may be in a snapshot, or not. */
static void
give_up_pending(struct member *m)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);

	pending_take_older(m->pending, 0, clock_ns(), &writes);
	member_settle(m, &writes, ORDER_UNKNOWN);
}

static void
load_from_snapshot(struct member *m)
{
	tell_anew(m, m->loading.number > m->served.number);
	m->last_snapshot = m->loading.number;
	lease_begin(&m->lease, false);
	log_line(LOG_INFO, "shared: snapshot of entry 1-%" PRIu64 ": loaded",
	    m->loading.number);
	give_up_pending(m);
	if (m->served.number == 0)
		member_load_end(m);
	member_follow(m);
}

/* The table that is served is all zeros until the first entry is taken: then no
 * other one is needed. */
static void
load_from_start(struct member *m)
{
	tell_anew(m, false);
	m->last_snapshot = 0;
	lease_begin(&m->lease, true);
	if (m->served.number == 0)
		member_load_cancel(m);
	else if (begin_loading(m) != 0)
		return;
	member_follow(m);
}

static void
lose_table(struct member *m)
{
	if (!m->no_table && m->served.number != 0)
		log_line(LOG_ERROR,
		    "shared: %s: the engine has lost the table: writes are "
		    "refused, reads go on",
		    member_engine(m));
	else if (!m->no_table)
		log_line(LOG_ERROR,
		    "shared: %s: the table is not complete: there is no usable "
		    "snapshot, and the log does not begin at entry 1-1",
		    member_engine(m));
	m->no_table = true;
	member_drop(m, NULL);
}

void
member_other_mode(struct member *m)
{
	if (m->served.number != 0) {
		lose_table(m);
		return;
	}
	log_line(LOG_ERROR,
	    "shared: %s: the table is %s, this server's is %s: expected the "
	    "same -d on all servers",
	    member_engine(m),
	    m->config.overlay == DATATABLE_OVERLAID ? "separate" : "overlaid",
	    m->config.overlay == DATATABLE_OVERLAID ? "overlaid" : "separate");
	member_fail(m);
}

/* Make the table, if this start may: never where there has been one. */
static void
make_table(struct member *m)
{
	const struct engine_field *fields;
	size_t count;

	if (!m->config.init) {
		log_line(LOG_ERROR,
		    "shared: %s: there is no table: expected --shared-init",
		    member_engine(m));
		member_fail(m);
		return;
	}
	count = entry_make_begin(m->writer, m->config.overlay, m->config.first,
	    m->config.first_count, &fields);
	if (count == 0) {
		member_drop(m, "out of memory");
		return;
	}
	m->state = MEMBER_BEGINNING;
	m->engine->methods->begin(m->engine, fields, count);
}

void
member_load_begun(struct member *m, int made, const char *why)
{
	if (made < 0) {
		member_drop(m, why);
		return;
	}
	if (made > 0)
		log_line(
		    LOG_INFO, "shared: %s: table created", member_engine(m));
	find_first(m);
}

static void
found_first(struct member *m, const struct engine_entry *entry)
{
	if (entry != NULL && entry->number == 1)
		load_from_start(m);
	else if (entry == NULL && m->served.number == 0)
		make_table(m);
	else
		lose_table(m);
}

void
member_load_found(struct member *m, const struct engine_entry *entry)
{
	if (m->state == MEMBER_FIRST) {
		found_first(m, entry);
	} else if (entry != NULL && replica_is_at(&m->loading, entry)) {
		load_from_snapshot(m);
	} else {
		reject_snapshot(m, "is not of this log");
	}
}

/* Nobody writes everything: an address that is none, and function 0. */
static void
replace(struct datatable *to, const struct datatable *from)
{
	const struct client nobody = { .way = CLIENT_OTHER };

	datatable_replace(
	    to, from, &(struct datatable_writer){ .client = &nobody });
}

void
member_load_end(struct member *m)
{
	if (m->served.number != 0)
		m->figures.reloads++;
	replace(m->config.table, m->fresh);
	m->served = m->loading;
	m->served.table = m->config.table;
	m->anew = false;
	member_load_cancel(m);
}

void
member_load_cancel(struct member *m)
{
	datatable_free(m->fresh);
	m->fresh = NULL;
	m->reading = &m->served;
}
