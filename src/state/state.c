#include "state/state.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/log.h"
#include "modbus/modbus.h"
#include "service/order.h"
#include "state/batch.h"
#include "state/committer.h"
#include "table/datatable.h"

#define RETRY_SECONDS 1

enum condition {
	STATE_GOOD,
	STATE_DEGRADED, /* no space: writes are refused */
	STATE_LOST,     /* the disk has failed */
};

/* Writes that are committed together, and what they changed on the image. */
struct round {
	struct batch *batch; /* owned */
	struct order_writes writes;
};

/*
 * Writes are added to one round while the other is being committed. Then the
 * rounds are exchanged, and the committed writes are executed.
 *
 *   submit → gathering → committing → executed on the table
 *            `- executed on the image
 */
struct state {
	struct state_config config;
	struct store *store;         /* owned; the committer's while it runs */
	struct committer *committer; /* owned */
	struct order order;
	struct datatable *image; /* owned: the table after all pending writes */
	struct datatable_observer observer; /* of the image */
	struct round rounds[2];
	struct round *gathering;
	struct round *committing; /* empty unless being committed */
	bool working;             /* a commit or a probe is running */
	enum condition condition;

	struct event *report; /* owned: the committer has a report */
	struct event *submit; /* owned: at the end of this turn */
	struct event *retry;  /* owned */
	struct log_limit full_limit;
	const char *backup_path;

	struct state_figures figures;
	uint64_t submitted; /* clock_ns */
};

#define MS UINT64_C(1000000) /* in nanoseconds */

static const uint64_t took_bounds[HISTOGRAM_BUCKETS] = { MS / 10, MS / 5,
	MS / 2, 1 * MS, 2 * MS, 5 * MS, 10 * MS, 20 * MS, 50 * MS, 100 * MS,
	200 * MS, 500 * MS, 1000 * MS, 5000 * MS };
static const uint64_t writes_bounds[HISTOGRAM_BUCKETS] = { 1, 2, 5, 10, 20, 50,
	100, 200, 500, 1000, 2000, 5000, 10000, 100000 };

/* Start to commit the gathered writes, unless a commit is running. */
static void
state_commit(struct state *s)
{
	struct round *round = s->gathering;

	if (s->working || s->condition != STATE_GOOD ||
	    batch_is_empty(round->batch))
		return;
	s->gathering = s->committing;
	s->committing = round;
	s->working = true;
	s->submitted = clock_ns();
	committer_work(s->committer, round->batch);
}

/* The image has changed. submit has reserved memory for this. */
static void
changed(void *arg, const struct datatable_change *change)
{
	const struct state *s = arg;

	batch_add(s->gathering->batch, change, clock_realtime_us());
}

/* See service/order.h. */
static int
submit(void *arg, struct order_write *write)
{
	struct state *s = arg;
	struct batch *batch = s->gathering->batch;

	if (s->condition != STATE_GOOD ||
	    batch_size(batch) > STATE_WAITING_MAX ||
	    batch_reserve(batch, write->count, MB_MAX_WRITE_REGISTERS) != 0)
		return -1;
	order_execute(write, s->image);
	TAILQ_INSERT_TAIL(&s->gathering->writes, write, link);
	if (!s->working)
		event_active(s->submit, EV_TIMEOUT, 0);
	return 0;
}

/* Settle the writes of a round. The round is emptied first, as their owners may
 * submit more. */
static void
settle(struct state *s, struct round *round, enum order_outcome outcome)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);

	TAILQ_CONCAT(&writes, &round->writes, link);
	batch_clear(round->batch);
	order_settle(&s->order, &writes, outcome);
}

static void
state_retry_later(struct state *s)
{
	const struct timeval later = { RETRY_SECONDS, 0 };

	event_add(s->retry, &later);
}

static void
retry_cb(evutil_socket_t fd, short what, void *arg)
{
	struct state *s = arg;

	(void)fd;
	(void)what;
	log_limit_flush(&s->full_limit, 0);
	s->working = true;
	committer_work(s->committer, NULL);
}

static void
state_degrade(struct state *s, const struct store_error *why)
{
	if (s->condition == STATE_GOOD)
		log_limited(&s->full_limit, LOG_ERROR,
		    "state: %s: writes are refused until space is available",
		    why->text);
	s->condition = STATE_DEGRADED;
	s->figures.failed++;
	state_retry_later(s);
	datatable_copy(s->image, s->config.table);
	settle(s, s->committing, ORDER_REFUSED);
	settle(s, s->gathering, ORDER_REFUSED);
}

static void
state_recover(struct state *s)
{
	if (s->condition == STATE_DEGRADED)
		log_limited(&s->full_limit, LOG_WARN,
		    "state: space is available again: writes are accepted");
	s->condition = STATE_GOOD;
}

/* From now on no write is executed: a pending one may be on the disk or not. */
static void
state_lose(struct state *s, const struct store_error *why)
{
	if (s->condition == STATE_LOST)
		return;
	log_line(
	    LOG_ERROR, "state: %s: commit failed, replies withheld", why->text);
	s->condition = STATE_LOST;
	settle(s, s->committing, ORDER_UNKNOWN);
	settle(s, s->gathering, ORDER_UNKNOWN);
	s->config.lost(s->config.arg);
}

/* The commit of the next round is started first, so that the disk is not idle
 * while writes are executed. */
static void
state_committed(struct state *s)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);
	struct batch *batch = s->committing->batch;

	state_recover(s);
	if (!batch_is_empty(batch)) { /* else it was a probe */
		histogram_add(&s->figures.took, clock_ns() - s->submitted);
		histogram_add(&s->figures.writes, batch_count(batch));
	}
	batch_clear(batch);
	TAILQ_CONCAT(&writes, &s->committing->writes, link);
	state_commit(s);
	order_settle(&s->order, &writes, ORDER_EXECUTE);
}

static void
state_log_backup(const struct state *s, const struct committer_report *r)
{
	if (r->backup_failed)
		log_line(LOG_ERROR, "backup: %s", r->backup_why.text);
	else
		log_line(LOG_INFO, "backup: %s: done", s->backup_path);
}

static void
state_take(struct state *s, const struct committer_report *r)
{
	if (r->backed_up)
		state_log_backup(s, r);
	if (r->worked)
		s->working = false;
	if (r->outcome == STORE_LOST)
		state_lose(s, &r->why);
	else if (r->worked && r->outcome == STORE_FULL)
		state_degrade(s, &r->why);
	else if (r->worked)
		state_committed(s);
}

static void
report_cb(evutil_socket_t fd, short what, void *arg)
{
	struct state *s = arg;
	struct committer_report r = committer_take_report(s->committer);

	(void)fd;
	(void)what;
	state_take(s, &r);
}

static void
submit_cb(evutil_socket_t fd, short what, void *arg)
{
	struct state *s = arg;

	(void)fd;
	(void)what;
	state_commit(s);
}

static void
state_free(struct state *s)
{
	(void)committer_free(s->committer);
	if (s->report != NULL)
		event_free(s->report);
	if (s->submit != NULL)
		event_free(s->submit);
	if (s->retry != NULL)
		event_free(s->retry);
	for (size_t i = 0; i < 2; i++)
		batch_free(s->rounds[i].batch);
	datatable_free(s->image);
	free(s);
}

static int
create_parts(struct state *s)
{
	struct event_base *base = s->config.base;
	enum datatable_overlay overlay = store_overlay(s->store);

	for (size_t i = 0; i < 2; i++) {
		s->rounds[i].batch = batch_new();
		TAILQ_INIT(&s->rounds[i].writes);
		if (s->rounds[i].batch == NULL)
			return -1;
	}
	s->gathering = &s->rounds[0];
	s->committing = &s->rounds[1];
	s->image = datatable_new(overlay);
	s->submit = event_new(base, -1, 0, submit_cb, s);
	s->retry = evtimer_new(base, retry_cb, s);
	if (s->image == NULL || s->submit == NULL || s->retry == NULL)
		return -1;
	s->committer = committer_new(s->store);
	if (s->committer == NULL)
		return -1;
	s->report = event_new(base, committer_fd(s->committer),
	    EV_READ | EV_PERSIST, report_cb, s);
	return s->report == NULL ? -1 : event_add(s->report, NULL);
}

struct state *
state_new(struct store *store, const struct state_config *config)
{
	struct state *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->config = *config;
	s->store = store;
	s->full_limit.kind = "reports of no space";
	s->figures.took.bounds = took_bounds;
	s->figures.writes.bounds = writes_bounds;
	if (create_parts(s) != 0) {
		state_free(s);
		return NULL;
	}
	s->order.submit = submit;
	s->order.arg = s;
	datatable_copy(s->image, config->table);
	s->observer.changed = changed;
	s->observer.arg = s;
	datatable_observe(s->image, &s->observer);
	return s;
}

/* Wait for the running commit, then commit the writes gathered meanwhile. No
 * client is served any more. */
static void
state_finish(struct state *s)
{
	for (int i = 0; i < 2; i++) {
		struct committer_report r;

		state_commit(s);
		r = committer_wait(s->committer);
		state_take(s, &r);
	}
}

int
state_close(struct state *s)
{
	struct store_error why;
	bool lost;
	struct store *store;

	if (s == NULL)
		return EX_OK;
	state_finish(s);
	lost = s->condition == STATE_LOST;
	store = s->store;
	log_limit_flush(&s->full_limit, 1);
	state_free(s);
	if (store_close(store, &why) == 0)
		return EX_OK;
	if (!lost)
		log_line(LOG_ERROR, "state: %s", why.text);
	return EX_IOERR;
}

struct order *
state_order(struct state *s)
{
	return &s->order;
}

bool
state_is_degraded(const struct state *s)
{
	return s->condition != STATE_GOOD;
}

const struct state_figures *
state_figures(const struct state *s)
{
	return &s->figures;
}

void
state_back_up(struct state *s, const char *path)
{
	s->backup_path = path;
	if (committer_back_up(s->committer, path) != 0)
		log_line(LOG_WARN, "backup: a backup is already running");
	else
		log_line(LOG_INFO, "backup: %s: started", path);
}
