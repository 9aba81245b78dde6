#include <inttypes.h>
#include <string.h>

#include "base/client.h"
#include "base/clock.h"
#include "base/identity.h"
#include "base/log.h"
#include "member_private.h"

/* Whether the entries behind one are to be taken, too. */
enum next {
	NEXT,
	STOP,
};

static void
execute_own(struct member *m, struct order_writes *own)
{
	member_settle(m, own, ORDER_EXECUTE);
}

/* A text of an entry, cut to room. */
static void
copy_text(const struct engine_field *from, char *to, size_t room)
{
	size_t length = from->length < room ? from->length : room - 1;

	if (length > 0)
		memcpy(to, from->bytes, length);
	to[length] = '\0';
}

/* Who wrote an entry; the last one is kept, as many entries follow each other
 * of the same. */
static const struct identity *
identity_of_entry(struct member *m, const struct entry *e)
{
	char subject[IDENTITY_NAME_SIZE], issuer[IDENTITY_NAME_SIZE];
	char role[IDENTITY_ROLE_SIZE];
	const struct identity *i = m->identity;

	if (e->subject.length == 0 || m->config.identities == NULL)
		return NULL;
	copy_text(&e->subject, subject, sizeof(subject));
	copy_text(&e->issuer, issuer, sizeof(issuer));
	copy_text(&e->role, role, sizeof(role));
	if (i != NULL && strcmp(i->subject, subject) == 0 &&
	    strcmp(i->issuer, issuer) == 0 && strcmp(i->role, role) == 0)
		return i;
	i = identity_of(m->config.identities, subject, issuer, role);
	identity_release(m->identity);
	m->identity = i;
	return i;
}

static void
execute_foreign(struct member *m, const struct entry *e)
{
	const struct identity *identity = identity_of_entry(m, e);
	const struct client who = {
		.address = e->address,
		.way = identity != NULL ? CLIENT_TLS : CLIENT_OTHER,
		.identity = identity,
	};

	replica_execute(m->reading, e, &who);
}

/* Own writes before this one were not read: they are not in the log, and never
 * will be. */
static void
refuse_before(struct member *m, const struct entry *e, struct order_writes *own)
{
	struct order_writes refused = TAILQ_HEAD_INITIALIZER(refused);

	pending_take_before(
	    m->pending, e->session, e->number, clock_ns(), &refused);
	if (TAILQ_EMPTY(&refused))
		return;
	execute_own(m, own);
	member_settle(m, &refused, ORDER_REFUSED);
}

/* Take an own write that has its outcome. */
static void
settle_own(struct member *m, const struct entry *e, enum order_outcome outcome)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);

	pending_take(m->pending, e->session, e->number, clock_ns(), &writes);
	member_settle(m, &writes, outcome);
}

/* While a table is loaded anew, clients see the old one, on which a write must
 * not be executed: whoever submitted it cannot be told more than that. */
static void
read_own(struct member *m, const struct entry *e, struct order_writes *own)
{
	refuse_before(m, e, own);
	if (m->reading != &m->served) {
		settle_own(m, e, ORDER_UNKNOWN);
		execute_foreign(m, e);
		return;
	}
	m->figures.own++;
	pending_take(m->pending, e->session, e->number, clock_ns(), own);
	if (member_snapshot_is_due(m)) {
		execute_own(m, own);
		member_put_snapshot(m, e->session, e->number);
	}
}

static enum next
read_write(struct member *m, const struct entry *e, struct order_writes *own)
{
	m->figures.executed++;
	member_note_simulated(m, e);
	if (pending_has(m->pending, e->session, e->number)) {
		read_own(m, e, own);
	} else {
		execute_own(m, own);
		execute_foreign(m, e);
	}
	return NEXT;
}

/* Every server ignores it. Where it is of the own session, that was evicted. */
static enum next
read_late(struct member *m, const struct entry *e, struct order_writes *own)
{
	m->figures.late++;
	refuse_before(m, e, own);
	if (pending_has(m->pending, e->session, e->number)) {
		execute_own(m, own);
		settle_own(m, e, ORDER_REFUSED);
	}
	if (m->state == MEMBER_LIVE && e->session == m->session)
		member_say_hello(m);
	return m->state == MEMBER_AWAY ? STOP : NEXT;
}

/* Only an own hello closes an own session. It may be one that was said on a
 * connection that was lost before it was read. */
static enum next
read_hello(struct member *m, const struct entry *e)
{
	bool own = e->session == m->session;

	if (own || (e->closes != 0 && e->closes == m->closes))
		m->closes = e->session;
	if (own && m->state == MEMBER_FOLLOWING)
		member_live(m);
	return NEXT;
}

static enum next
read_other(struct member *m, const struct entry *e)
{
	if (e->kind == ENTRY_SNAPSHOT)
		m->last_snapshot = e->number;
	else
		execute_foreign(m, e);
	return NEXT;
}

static enum next
stop_not_understood(struct member *m, const struct engine_entry *entry)
{
	log_line(LOG_ERROR,
	    "shared: %s: entry 1-%" PRIu64
	    " is not understood: expected the same version on all servers",
	    member_engine(m), entry->number);
	member_fail(m);
	return STOP;
}

static enum next
read_rest(struct member *m, enum replica_taken taken, const struct entry *e,
    const struct engine_entry *entry)
{
	switch (taken) {
	case REPLICA_HELLO:
		return read_hello(m, e);
	case REPLICA_OTHER:
		return read_other(m, e);
	case REPLICA_GAP:
		member_load(m, false);
		return STOP;
	case REPLICA_OTHER_MODE:
		member_other_mode(m);
		return STOP;
	default:
		return stop_not_understood(m, entry);
	}
}

/* Read an entry. own: own writes that were read, and are executed together. */
static enum next
read_entry(struct member *m, const struct engine_entry *entry,
    struct order_writes *own)
{
	struct entry e;
	enum replica_taken taken = replica_take(m->reading, entry, &e);

	if (taken == REPLICA_WRITE)
		return read_write(m, &e, own);
	if (taken == REPLICA_LATE)
		return read_late(m, &e, own);
	execute_own(m, own);
	return read_rest(m, taken, &e, entry);
}

/* Whether an entry is an own write that too few copies may have. Nothing behind
 * it is executed before that is known, so that no read shows what may be lost.
 */
static bool
waits_for_copies(const struct member *m, const struct engine_entry *entry)
{
	struct entry e;

	return m->config.copies != 0 && pending_count(m->pending) > 0 &&
	    entry_parse(entry, &e) == 0 && e.kind == ENTRY_WRITE &&
	    pending_has(m->pending, e.session, e.number) &&
	    !member_is_confirmed(m, e.number);
}

/* Read entries until one must wait, or changes what is to be read. Returns
 * whether all were read. */
static bool
read_entries(struct member *m, const struct engine_entry *entries, size_t count)
{
	struct order_writes own = TAILQ_HEAD_INITIALIZER(own);
	enum next next = NEXT;

	for (size_t i = 0; i < count && next == NEXT; i++) {
		if (waits_for_copies(m, &entries[i])) {
			m->held = &entries[i];
			m->held_count = count - i;
			next = STOP;
		} else {
			next = read_entry(m, &entries[i], &own);
		}
	}
	execute_own(m, &own);
	return next == NEXT;
}

static void
read_and_go_on(
    struct member *m, const struct engine_entry *entries, size_t count)
{
	if (read_entries(m, entries, count))
		m->engine->methods->read(m->engine, m->reading->number);
	else if (m->held != NULL)
		member_count_copies(m);
}

/* Whether the own hello, which was added to the log, is not read from it. */
static bool
is_unheard(const struct member *m)
{
	return m->state == MEMBER_FOLLOWING && m->hello_at != 0 &&
	    clock_ms() > m->hello_at + m->config.timeout;
}

void
member_read(struct member *m, const struct engine_entry *entries, size_t count)
{
	if (count > 0)
		read_and_go_on(m, entries, count);
	else if (is_unheard(m))
		member_drop(m, "what is added to the log cannot be read");
	else
		m->engine->methods->find(m->engine, m->reading->number);
}

void
member_read_held(struct member *m)
{
	const struct engine_entry *held = m->held;
	size_t count = m->held_count;

	m->held = NULL;
	m->held_count = 0;
	if (held != NULL)
		read_and_go_on(m, held, count);
}
