#include "state/state.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/gate.h"
#include "state/batch.h"
#include "state/committer.h"
#include "table/datatable.h"

#define RETRY_SECONDS 1

enum condition {
	STATE_GOOD,
	STATE_DEGRADED, /* no space: writes are refused */
	STATE_LOST,     /* the disk has failed */
};

/*
 * Writes gather in one batch while the other is being committed; then they
 * change places. The ticket is the gathering batch's.
 */
struct state {
	struct state_config config;
	struct store *store;         /* owned; the committer's while it runs */
	struct committer *committer; /* owned */
	struct gate *gate;           /* owned */
	struct batch *gathering;     /* owned */
	struct batch *committing;    /* owned; empty unless being committed */
	uint64_t ticket;
	bool working; /* the committer is, on a batch or a probe */
	enum condition condition;
	bool undoing;
	bool no_memory; /* a write could not be gathered */

	struct datatable_observer observer;
	struct event *report; /* owned: the committer has something to say */
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

/* Let the gathered writes be committed, unless the last ones still are. */
static void
state_submit(struct state *s)
{
	struct batch *batch = s->gathering;

	if (s->working || s->condition != STATE_GOOD || batch_is_empty(batch))
		return;
	s->gathering = s->committing;
	s->committing = batch;
	s->ticket++;
	s->working = true;
	batch_seal(batch, s->config.table);
	s->submitted = clock_ns();
	committer_work(s->committer, batch);
}

static void
changed(void *arg, const struct datatable_change *change)
{
	struct state *s = arg;
	if (s->undoing)
		return;
	if (batch_reserve(s->gathering) != 0) {
		/* Not a client's: the policy has seen to it that those fit. */
		s->no_memory = true;
		event_active(s->submit, EV_TIMEOUT, 0);
		return;
	}
	batch_add(s->gathering, change, clock_realtime_us());
	if (!s->working)
		event_active(s->submit, EV_TIMEOUT, 0);
}

static uint64_t
hold(void *arg)
{
	const struct state *s = arg;

	return s->ticket;
}

/* There must be room for what passes: a write can't fail once it is done. */
static enum mb_exception
may_request(void *arg, const struct client *who, uint8_t unit,
    const struct mb_request *request)
{
	struct state *s = arg;

	(void)who;
	(void)unit;
	if (!mb_request_writes(request))
		return MB_EX_NONE;
	if (s->condition != STATE_GOOD ||
	    batch_size(s->gathering) > STATE_WAITING_MAX ||
	    batch_reserve(s->gathering) != 0)
		return MB_EX_SERVER_DEVICE_FAILURE;
	return MB_EX_NONE;
}

/* Put the table back to what the disk has. Whoever observes the table sees
 * these writes, too, as those of nobody: of no address, unit and function 0. */
static void
state_undo(struct state *s)
{
	const struct client nobody = { .id = UINT64_MAX };
	const struct datatable_writer writer = { .client = &nobody };

	s->undoing = true;
	batch_undo(s->gathering, s->config.table, &writer);
	batch_undo(s->committing, s->config.table, &writer);
	s->undoing = false;
	batch_clear(s->gathering);
	batch_clear(s->committing);
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
	uint64_t failed = s->ticket++;

	if (s->condition == STATE_GOOD)
		log_limited(&s->full_limit, LOG_ERROR,
		    "state: %s: writes are refused until there is space",
		    why->text);
	s->condition = STATE_DEGRADED;
	s->figures.failed++;
	state_undo(s);
	state_retry_later(s);
	gate_decide(s->gate, failed, GATE_FAILED);
}

static void
state_recover(struct state *s)
{
	if (s->condition == STATE_DEGRADED)
		log_limited(&s->full_limit, LOG_WARN,
		    "state: there is space again: writes are accepted");
	s->condition = STATE_GOOD;
}

/* Replies are never sent from here on; a write whose reply is not sent may be
 * on the disk or not. */
static void
state_lose(struct state *s, const struct store_error *why)
{
	if (s->condition == STATE_LOST)
		return;
	log_line(LOG_ERROR, "state: %s: nothing can be acknowledged any more",
	    why->text);
	s->condition = STATE_LOST;
	gate_decide(s->gate, s->ticket, GATE_LOST);
	s->config.lost(s->config.arg);
}

/* The next batch goes first, so that the disk is not idle while replies are
 * sent. */
static void
state_committed(struct state *s)
{
	uint64_t safe = s->ticket - 1;

	state_recover(s);
	if (!batch_is_empty(s->committing)) { /* else it was a probe */
		histogram_add(&s->figures.took, clock_ns() - s->submitted);
		histogram_add(&s->figures.writes, batch_count(s->committing));
	}
	batch_clear(s->committing);
	state_submit(s);
	gate_decide(s->gate, safe, GATE_SAFE);
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
	if (s->no_memory)
		state_lose(s, &(struct store_error){ .text = "out of memory" });
	else
		state_submit(s);
}

static void
state_free(struct state *s)
{
	committer_free(s->committer);
	if (s->report != NULL)
		event_free(s->report);
	if (s->submit != NULL)
		event_free(s->submit);
	if (s->retry != NULL)
		event_free(s->retry);
	gate_free(s->gate);
	batch_free(s->gathering);
	batch_free(s->committing);
	free(s);
}

static int
state_make(struct state *s)
{
	struct event_base *base = s->config.base;
	enum datatable_overlay overlay = store_overlay(s->store);

	s->gathering = batch_new(overlay);
	s->committing = batch_new(overlay);
	s->gate = gate_new(hold, s);
	s->submit = event_new(base, -1, 0, submit_cb, s);
	s->retry = evtimer_new(base, retry_cb, s);
	if (s->gathering == NULL || s->committing == NULL || s->gate == NULL ||
	    s->submit == NULL || s->retry == NULL)
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
	s->ticket = 1;
	s->full_limit.kind = "reports of no space";
	s->figures.took.bounds = took_bounds;
	s->figures.writes.bounds = writes_bounds;
	if (state_make(s) != 0) {
		state_free(s);
		return NULL;
	}
	s->observer.changed = changed;
	s->observer.arg = s;
	datatable_observe(config->table, &s->observer);
	return s;
}

/* Wait for the disk, as nobody else is left to be served: for the batch that it
 * has, then for the one that has gathered meanwhile. */
static void
state_finish(struct state *s)
{
	for (int i = 0; i < 2; i++) {
		struct committer_report r;

		state_submit(s);
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

struct gate *
state_gate(struct state *s)
{
	return s->gate;
}

struct policy
state_policy(struct state *s)
{
	return (struct policy){ .arg = s, .may_request = may_request };
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
		log_line(LOG_WARN, "backup: the last one still goes on");
	else
		log_line(LOG_INFO, "backup: %s: begins", path);
}
