#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "member_private.h"
#include "shared/snapshot.h"

#define NS_PER_MS UINT64_C(1000000)

/* A snapshot that was not stored is tried again after so many ms. */
#define STORE_AGAIN 1000

static void
arm_expiry(struct member *m, uint64_t now)
{
	uint64_t due =
	    pending_oldest(m->pending) + m->config.timeout * NS_PER_MS;
	uint64_t us = due > now ? (due - now) / 1000 + 1 : 1;
	const struct timeval after = { (time_t)(us / 1000000),
		(suseconds_t)(us % 1000000) };

	evtimer_add(m->expiry, &after);
}

int
member_submit(void *arg, struct order_write *write)
{
	struct member *m = arg;
	uint64_t now = clock_ns(), number = m->number + 1;
	const struct engine_field *fields;
	size_t count = 0;

	if (m->state == MEMBER_LIVE)
		count = entry_make_write(m->writer, m->session, number,
		    (int64_t)clock_realtime_ms(), write, &fields);
	if (count == 0 ||
	    pending_add(m->pending, write, m->session, number, now) != 0) {
		m->figures.refused++;
		return -1;
	}
	m->number = number;
	m->engine->methods->append(m->engine, number, fields, count);
	member_count_copies(m);
	if (!evtimer_pending(m->expiry, NULL))
		arm_expiry(m, now);
	return 0;
}

static size_t
length_of(const struct order_writes *writes)
{
	const struct order_write *write;
	size_t length = 0;

	TAILQ_FOREACH (write, writes, link)
		length++;
	return length;
}

void
member_settle(
    struct member *m, struct order_writes *writes, enum order_outcome outcome)
{
	if (outcome == ORDER_REFUSED)
		m->figures.refused += length_of(writes);
	else if (outcome == ORDER_UNKNOWN)
		m->figures.unknown += length_of(writes);
	order_settle(&m->order, writes, outcome);
}

/* The outcome of writes that are too old is unknown, and so is whether the
 * engine hears anything. */
static void
expiry_cb(evutil_socket_t fd, short what, void *arg)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);
	struct member *m = arg;
	uint64_t now = clock_ns(), timeout = m->config.timeout * NS_PER_MS;

	(void)fd;
	(void)what;
	pending_take_expired(
	    m->pending, now > timeout ? now - timeout : 0, now, &writes);
	if (!TAILQ_EMPTY(&writes) && m->state == MEMBER_LIVE)
		member_drop(m, "no answer to a write");
	if (pending_count(m->pending) > 0)
		arm_expiry(m, now);
	member_settle(m, &writes, ORDER_UNKNOWN);
}

static void
note_accepted(struct member *m)
{
	if (m->refusing)
		log_line(LOG_INFO, "shared: %s: writes are accepted again",
		    member_engine(m));
	m->refusing = false;
}

static void
note_refused(struct member *m, const char *why)
{
	if (!m->refusing)
		log_line(LOG_ERROR,
		    "shared: %s: %s: writes are refused, reads go on",
		    member_engine(m), why);
	m->refusing = true;
	m->refused_at = clock_ms();
}

static void
refused(struct member *m, uint64_t number, enum engine_append result,
    const char *why)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);

	pending_refuse(
	    m->pending, number > m->hello ? m->session : m->previous, number);
	pending_take_refused(m->pending, clock_ns(), &writes);
	if (result != ENGINE_NO_LOG)
		note_refused(m, why);
	if (number == m->hello)
		member_hello_refused(m);
	if (result == ENGINE_NO_LOG ||
	    (result == ENGINE_ALONE && m->config.copies != 0))
		member_drop(m, NULL);
	member_settle(m, &writes, ORDER_REFUSED);
}

void
member_appended(
    struct member *m, uint64_t tag, enum engine_append result, const char *why)
{
	if (result != ENGINE_APPENDED) {
		refused(m, tag, result, why);
		return;
	}
	if (tag == m->hello)
		m->hello_at = clock_ms();
	note_accepted(m);
}

void
member_count_copies(struct member *m)
{
	if (m->config.copies != 0)
		event_active(m->copies.event, EV_TIMEOUT, 1);
}

static void
count_cb(evutil_socket_t fd, short what, void *arg)
{
	struct member *m = arg;

	(void)fd;
	(void)what;
	if (m->copies.counting || m->copies.counted == m->number ||
	    m->hello_refused ||
	    (m->state != MEMBER_FOLLOWING && m->state != MEMBER_LIVE))
		return;
	m->copies.counting = true;
	m->copies.counted = m->number;
	m->engine->methods->count_copies(
	    m->engine, m->config.copies, m->config.timeout);
}

void
member_copies_counted(struct member *m, unsigned count)
{
	m->copies.counting = false;
	if (count < m->config.copies) {
		member_drop(m, "too few copies");
		return;
	}
	if (m->copies.counted > m->copies.confirmed)
		m->copies.confirmed = m->copies.counted;
	if (pending_count(m->pending) > 0)
		member_count_copies(m);
	member_read_held(m);
}

bool
member_is_confirmed(const struct member *m, uint64_t number)
{
	return number <= m->copies.confirmed;
}

/* Without a service, at the end of the program, writes without an owner are not
 * executed on the table. */
bool
member_snapshot_is_due(const struct member *m)
{
	return m->served.since_snapshot >= m->config.snapshot && !m->storing &&
	    m->order.service != NULL && clock_ms() >= m->store_at;
}

void
member_put_snapshot(struct member *m, uint64_t session, uint64_t number)
{
	uint64_t first = m->last_snapshot != 0 ? m->last_snapshot : 1;

	m->storing = true;
	m->store_at = clock_ms() + STORE_AGAIN;
	m->engine->methods->put_snapshot(m->engine, m->served.number, session,
	    number, first < m->served.number ? first : m->served.number,
	    m->snapshot, snapshot_encode(&m->served, m->snapshot));
}

int
member_write_new(struct member *m)
{
	m->pending = pending_new(&m->figures.took);
	m->writer = entry_writer_new();
	m->expiry = evtimer_new(m->config.base, expiry_cb, m);
	m->copies.event = event_new(m->config.base, -1, 0, count_cb, m);
	return m->pending != NULL && m->writer != NULL && m->expiry != NULL &&
		m->copies.event != NULL ?
	    0 :
	    -1;
}

void
member_write_free(struct member *m)
{
	if (m->copies.event != NULL)
		event_free(m->copies.event);
	if (m->expiry != NULL)
		event_free(m->expiry);
	entry_writer_free(m->writer);
	pending_free(m->pending);
}
