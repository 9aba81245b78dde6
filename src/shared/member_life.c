#include <event2/event.h>
#include <event2/util.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "member_private.h"

/* The next try comes after half of this to all of it, in ms; it doubles with
 * each. */
#define BACK_OFF_FIRST 100
#define BACK_OFF_MAX   1000

/* A hello that was refused is said again after so many ms. */
#define HELLO_AGAIN 1000

/* While it is away a line says why, every so many ms. */
#define AWAY_AGAIN 60000

static void
arm_retry(struct member *m, unsigned ms)
{
	const struct timeval after = { (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000 * 1000) };

	evtimer_add(m->retry, &after);
}

static uint64_t
random_bits(void)
{
	uint64_t bits;

	evutil_secure_rng_get_bytes(&bits, sizeof(bits));
	return bits;
}

/* Connect again after a while. */
static void
go_away(struct member *m)
{
	m->state = MEMBER_AWAY;
	m->held = NULL;
	m->held_count = 0;
	m->storing = false;
	m->copies.counting = false;
	m->hello_refused = false;
	event_del(m->copies.event);
	member_servers_stop(m);
	member_load_cancel(m);
	arm_retry(m,
	    m->back_off / 2 +
		(unsigned)(random_bits() % (m->back_off / 2 + 1)));
	if (m->back_off < BACK_OFF_MAX / 2)
		m->back_off *= 2;
	else
		m->back_off = BACK_OFF_MAX;
}

/* A line when it is lost, and now and then while it is away. */
static void
tell_away(struct member *m, const char *why)
{
	uint64_t now = clock_ms();

	if (m->away_told && now < m->told_at + AWAY_AGAIN)
		return;
	m->away_told = true;
	m->told_at = now;
	if (m->was_live)
		log_line(LOG_ERROR,
		    "shared: %s: %s: writes are refused, reads go on",
		    member_engine(m), why);
	else
		log_line(LOG_WARN, "shared: %s: %s: waiting for the table",
		    member_engine(m), why);
}

static void
count_disconnect(struct member *m)
{
	if (m->state != MEMBER_CONNECTING)
		m->figures.disconnects++;
}

void
member_drop(struct member *m, const char *why)
{
	if (m->state == MEMBER_AWAY || m->state == MEMBER_FAILED)
		return;
	count_disconnect(m);
	if (why != NULL)
		tell_away(m, why);
	m->engine->methods->disconnect(m->engine);
	go_away(m);
}

static void
lost(void *arg, const char *why)
{
	struct member *m = arg;

	if (m->state == MEMBER_AWAY || m->state == MEMBER_FAILED)
		return;
	count_disconnect(m);
	tell_away(m, why);
	go_away(m);
}

void
member_fail(struct member *m)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);

	member_drop(m, NULL);
	event_del(m->retry);
	m->state = MEMBER_FAILED;
	pending_take_older(m->pending, 0, clock_ns(), &writes);
	member_settle(m, &writes, ORDER_UNKNOWN);
	m->config.failed(m->config.arg, 78);
}

/* A session of its own for each hello, as bytes of the one before may still
 * arrive. */
void
member_say_hello(struct member *m)
{
	const struct engine_field *fields;
	size_t count;

	event_del(m->retry);
	m->previous = m->session;
	do
		m->session = random_bits();
	while (m->session == 0);
	m->hello = ++m->number;
	m->state = MEMBER_FOLLOWING;
	m->hello_at = 0;
	m->hello_refused = false;
	count = entry_make_hello(
	    m->writer, m->session, m->closes, m->config.host, &fields);
	if (count == 0) {
		member_drop(m, "out of memory");
		return;
	}
	m->engine->methods->append(m->engine, m->hello, fields, count);
	if (pending_count(m->pending) > 0)
		member_count_copies(m);
}

void
member_start(struct member *m)
{
	m->state = MEMBER_CONNECTING;
	m->engine->methods->connect(m->engine);
}

static void
retry_cb(evutil_socket_t fd, short what, void *arg)
{
	struct member *m = arg;

	(void)fd;
	(void)what;
	if (m->state == MEMBER_FOLLOWING)
		member_say_hello(m);
	else if (m->state == MEMBER_AWAY)
		member_start(m);
}

static void
ready(void *arg)
{
	struct member *m = arg;

	if (m->state != MEMBER_CONNECTING)
		return;
	if (m->served.number == 0 || m->anew) {
		member_load(m, false);
		return;
	}
	m->state = MEMBER_CHECKING;
	m->engine->methods->find(m->engine, m->served.number);
}

void
member_follow(struct member *m)
{
	member_say_hello(m);
	if (m->state == MEMBER_FOLLOWING)
		m->engine->methods->read(m->engine, m->reading->number);
}

void
member_hello_refused(struct member *m)
{
	m->hello_refused = true;
	/* It counts what was appended before it, but the engine does not. */
	m->copies.counted = 0;
	if (m->state == MEMBER_FOLLOWING)
		arm_retry(m, HELLO_AGAIN);
}

/* Refuse pending writes of older sessions only: what a settled callback submits
 * from now on is of this one. */
static void
refuse_older(struct member *m)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);

	pending_take_older(m->pending, m->session, clock_ns(), &writes);
	member_settle(m, &writes, ORDER_REFUSED);
}

void
member_live(struct member *m)
{
	bool first = !m->was_live;

	event_del(m->retry);
	if (m->reading != &m->served)
		member_load_end(m);
	m->state = MEMBER_LIVE;
	m->was_live = true;
	m->no_table = false;
	m->anew_told = false;
	m->away_told = false;
	m->back_off = BACK_OFF_FIRST;
	lease_live(&m->lease, clock_ms());
	log_line(LOG_INFO, "shared: %s: up to date at entry 1-%" PRIu64,
	    member_engine(m), m->served.number);
	refuse_older(m);
	member_servers_start(m);
	if (first)
		m->config.live(m->config.arg);
}

/* The fingerprint of the last entry, asked for at each connection, and when
 * nothing was read for a while. */
static void
checked(struct member *m, const struct engine_entry *entry)
{
	if (entry == NULL || !replica_is_at(m->reading, entry))
		member_load(m, entry != NULL);
	else if (m->state == MEMBER_CHECKING)
		member_follow(m);
	else
		m->engine->methods->read(m->engine, m->reading->number);
}

static void
found(void *arg, const struct engine_entry *entry)
{
	struct member *m = arg;

	switch (m->state) {
	case MEMBER_CHECKING:
	case MEMBER_FOLLOWING:
	case MEMBER_LIVE:
		checked(m, entry);
		break;
	case MEMBER_MATCHING:
	case MEMBER_FIRST:
		member_load_found(m, entry);
		break;
	default:
		break;
	}
}

static void
entries(void *arg, const struct engine_entry *entries, size_t count)
{
	struct member *m = arg;

	if (m->state == MEMBER_FOLLOWING || m->state == MEMBER_LIVE)
		member_read(m, entries, count);
}

static void
snapshot(void *arg, const void *bytes, size_t length)
{
	struct member *m = arg;

	if (m->state == MEMBER_SNAPSHOT)
		member_load_snapshot(m, bytes, length);
}

static void
appended(void *arg, uint64_t tag, enum engine_append result, const char *why)
{
	struct member *m = arg;

	if (m->state != MEMBER_AWAY && m->state != MEMBER_FAILED)
		member_appended(m, tag, result, why);
}

static void
begun(void *arg, int made, const char *why)
{
	struct member *m = arg;

	if (m->state == MEMBER_BEGINNING)
		member_load_begun(m, made, why);
}

static void
copies(void *arg, unsigned count)
{
	struct member *m = arg;

	if (m->copies.counting)
		member_copies_counted(m, count);
}

static void
stored(void *arg, int done)
{
	struct member *m = arg;

	m->storing = false;
	if (!done)
		return;
	m->store_at = 0;
	m->figures.snapshots++;
}

static void
announced(void *arg, const struct engine_field *pairs, size_t count)
{
	struct member *m = arg;

	member_servers_announced(m, pairs, count);
}

const struct engine_events member_events = {
	.ready = ready,
	.lost = lost,
	.found = found,
	.entries = entries,
	.snapshot = snapshot,
	.appended = appended,
	.begun = begun,
	.copies = copies,
	.stored = stored,
	.announced = announced,
};

int
member_life_new(struct member *m)
{
	m->back_off = BACK_OFF_FIRST;
	m->retry = evtimer_new(m->config.base, retry_cb, m);
	return m->retry != NULL ? 0 : -1;
}

void
member_life_free(struct member *m)
{
	if (m->retry != NULL)
		event_free(m->retry);
}
