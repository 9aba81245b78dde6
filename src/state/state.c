#include "state/state.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "service/order.h"
#include "state/batch.h"
#include "state/committer.h"
#include "state/round.h"
#include "state/saving.h"
#include "table/datatable.h"

#define RETRY_SECONDS 1

/* So old may values without a row be after a crash. */
#define SAVE_SECONDS 10

enum condition {
	STATE_GOOD,
	STATE_DEGRADED, /* no space: writes are refused */
	STATE_LOST,     /* the disk has failed */
};

/* What the committer does. */
enum work {
	WORK_NONE,
	WORK_PROBE,
	WORK_COMMIT,
};

/*
 * Writes are added to one round while the other is being committed. Then the
 * rounds are exchanged, and the committed writes are executed.
 *
 *   submit → gathering → committing → executed on the table
 *            `- executed on the image
 *
 * A round without rows needs no commit. Its writes are executed as soon as no
 * commit is running: then all writes before them are on the disk, and so are
 * the values that they repeat.
 *
 * With STATE_SYNC_INTERVAL, writes are executed at the end of the turn, and so
 * are in a round no longer than that. The rows stay until they are committed:
 * those of a commit that failed in committing, for another try.
 *
 * A write that is unrecorded has no row, whatever it changes. Its values reach
 * the disk as the whole table (saving), which goes with a commit: the image as
 * the commit begins, which is the table after all of its rows. Such a commit
 * may have no rows at all.
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
	struct round *committing; /* empty unless to be committed */
	enum work work;
	enum condition condition;
	bool unwritten; /* no row was ever committed */
	struct saving saving;
	bool unrecorded; /* of the write that is being executed on the image */

	struct event *report; /* owned: the committer has a report */
	struct event *turn;   /* owned: at the end of this turn */
	struct event *retry;  /* owned */
	struct event *later;  /* owned: until then what gathers is not due */
	struct log_limit full_limit;
	struct log_limit clock_limit;
	struct clock_watch clock;
	const char *backup_path;
	bool backup_waits; /* for the commit of what has gathered to start */
	bool backing_up;   /* the committer was asked */
	state_backed_up_fn backed_up; /* NULL: nobody waits for its end */
	void *backed_up_arg;

	struct state_figures figures;
	uint64_t submitted; /* clock_ns */
};

#define MS UINT64_C(1000000) /* in nanoseconds */

static const uint64_t took_bounds[HISTOGRAM_BUCKETS] = { MS / 10, MS / 5,
	MS / 2, 1 * MS, 2 * MS, 5 * MS, 10 * MS, 20 * MS, 50 * MS, 100 * MS,
	200 * MS, 500 * MS, 1000 * MS, 2000 * MS, 5000 * MS, 10000 * MS };
static const uint64_t writes_bounds[HISTOGRAM_BUCKETS] = { 1, 2, 5, 10, 20, 50,
	100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000 };

/* Tell when the system's clock was set, as the times in the journal then jump.
 */
static void
state_watch_clock(struct state *s)
{
	int64_t step = clock_watch_look(&s->clock);

	if (step != 0)
		log_limited(&s->clock_limit, LOG_WARN,
		    "state: the system's clock was set %s by %.3f s: the "
		    "times in the journal jump, too",
		    step > 0 ? "forward" : "back",
		    (double)(step > 0 ? step : -step) / 1e6);
}

static void
state_start_commit(struct state *s)
{
	s->work = WORK_COMMIT;
	state_watch_clock(s);
	s->submitted = clock_ns();
	committer_work(s->committer, s->committing->batch);
}

/* Find out whether there is space. */
static void
state_start_probe(struct state *s)
{
	s->work = WORK_PROBE;
	committer_work(s->committer, NULL);
}

/* Whether the gathered writes are to be committed, or values to be saved. */
static bool
state_is_due(const struct state *s)
{
	const struct batch *gathered = s->gathering->batch;

	if (batch_is_empty(gathered))
		return saving_is_due(&s->saving);
	return !evtimer_pending(s->later, NULL) ||
	    batch_size(gathered) > STATE_WAITING_MAX / 2;
}

/* Start to commit the gathered writes, if that is due and nothing else is being
 * or to be committed. */
static void
state_commit(struct state *s)
{
	struct round *round = s->gathering;

	if (s->work != WORK_NONE || s->condition != STATE_GOOD ||
	    !state_is_due(s))
		return;
	saving_take(&s->saving, round->batch, s->image);
	s->gathering = s->committing;
	s->committing = round;
	state_start_commit(s);
}

/* How many changes are not committed, as far as is known. */
static unsigned
state_uncommitted(const struct state *s)
{
	return batch_count(s->committing->batch) +
	    batch_count(s->gathering->batch);
}

static bool
state_uses_interval(const struct state *s)
{
	return s->config.sync == STATE_SYNC_INTERVAL;
}

/* Start the timer of the next commit. */
static void
state_commit_later(struct state *s)
{
	const struct timeval interval = { s->config.interval / 1000,
		s->config.interval % 1000 * 1000 };

	event_add(s->later, &interval);
}

/* Whether a change is to have a row. One that repeats a value is not on the
 * disk where that value has no row either. */
static bool
state_records(struct state *s, const struct datatable_change *change)
{
	if (s->unrecorded)
		return false;
	return saving_needs(&s->saving, change) ||
	    s->config.sync == STATE_SYNC_ALWAYS ||
	    change->after != change->before ||
	    (s->unwritten && state_uncommitted(s) == 0);
}

/* A write was executed on the image. */
static void
changed(void *arg, const struct datatable_change *change)
{
	struct state *s = arg;
	bool recorded = state_records(s, change);

	if (s->unrecorded && change->after != change->before)
		saving_add(&s->saving, change);
	if (recorded && state_uses_interval(s) &&
	    batch_is_empty(s->gathering->batch))
		state_commit_later(s);
	round_add_change(s->gathering, change, recorded);
}

/* See service/order.h. */
static int
submit(void *arg, struct order_write *write)
{
	struct state *s = arg;

	if (s->condition != STATE_GOOD ||
	    round_size(s->gathering) > STATE_WAITING_MAX ||
	    (write->unrecorded && saving_reserve(&s->saving) != 0) ||
	    round_add_write(s->gathering, write) != 0)
		return -1;
	s->unrecorded = write->unrecorded;
	order_execute(write, s->image);
	if (s->work == WORK_NONE || state_uses_interval(s))
		event_active(s->turn, EV_TIMEOUT, 0);
	return 0;
}

/* Start the backup that waits, unless a commit is to be started before. What
 * the committer has been given already, it commits before. */
static void
state_start_backup(struct state *s)
{
	if (!s->backup_waits || (s->condition == STATE_GOOD && state_is_due(s)))
		return;
	s->backup_waits = false;
	if (committer_back_up(s->committer, s->backup_path) != 0)
		log_line(LOG_WARN, "backup: a backup is already running");
	else
		log_line(LOG_INFO, "backup: %s: started", s->backup_path);
	s->backing_up = true;
}

/* Execute the writes that are committed, and those that need not wait for a
 * commit. The next commit is started first, so that the disk is not idle
 * meanwhile. */
static void
state_advance(struct state *s)
{
	struct order_writes writes = TAILQ_HEAD_INITIALIZER(writes);
	bool idle = s->work == WORK_NONE;

	if (idle)
		round_take_writes(s->committing, &writes);
	if (state_uses_interval(s) ||
	    (idle && batch_is_empty(s->gathering->batch)))
		round_take_writes(s->gathering, &writes);
	state_commit(s);
	state_start_backup(s);
	order_settle(&s->order, &writes, ORDER_EXECUTE);
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
	state_start_probe(s);
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
	if (state_uses_interval(s))
		return; /* they are executed */
	saving_give_back(&s->saving, s->committing->batch);
	datatable_copy(s->image, s->config.table);
	round_settle(s->committing, &s->order, ORDER_REFUSED);
	round_settle(s->gathering, &s->order, ORDER_REFUSED);
}

static void
state_recover(struct state *s)
{
	if (s->condition != STATE_DEGRADED)
		return;
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
	if (state_uses_interval(s))
		log_line(LOG_ERROR,
		    "state: %s: commit failed: up to %u executed writes are "
		    "not on the disk",
		    why->text, state_uncommitted(s));
	else
		log_line(LOG_ERROR,
		    "state: %s: commit failed, replies withheld", why->text);
	s->condition = STATE_LOST;
	round_settle(s->committing, &s->order, ORDER_UNKNOWN);
	round_settle(s->gathering, &s->order, ORDER_UNKNOWN);
	s->config.lost(s->config.arg);
}

/* There is space. If a commit has failed for lack of it, try that again. */
static void
state_probed(struct state *s)
{
	if (batch_is_empty(s->committing->batch))
		state_recover(s);
	else
		state_start_commit(s);
}

static void
state_committed(struct state *s)
{
	struct batch *batch = s->committing->batch;

	if (batch_count(batch) > 0) {
		histogram_add(&s->figures.took, clock_ns() - s->submitted);
		histogram_add(&s->figures.writes, batch_count(batch));
		s->unwritten = false;
	}
	batch_clear(batch);
	state_recover(s);
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
state_log_check(const struct state *s, const struct scrub_figures *f)
{
	char rows[DAMAGE_TEXT_MAX];

	if (f->result == SCRUB_SOUND)
		log_line(LOG_INFO,
		    "state: %s: journal checked: %" PRId64 " writes",
		    store_path(s->store), f->rows);
	else
		log_line(LOG_ERROR,
		    "state: %s: the journal is damaged: %s%s: the table is "
		    "kept, and the next start checks the whole file; see "
		    "DAMAGE in mbasyncserver-state(5)",
		    store_path(s->store),
		    f->damage.rows == 0 ? "old writes cannot be removed" :
					  "writes ",
		    damage_format(&f->damage, rows));
}

/* Log how the backup has ended, and tell who waits for it. */
static void
state_end_backup(struct state *s, const struct committer_report *r)
{
	state_backed_up_fn tell = s->backed_up;

	state_log_backup(s, r);
	s->backing_up = false;
	s->backed_up = NULL;
	if (tell != NULL)
		tell(s->backed_up_arg,
		    r->backup_failed ? r->backup_why.text : NULL);
}

static void
state_take(struct state *s, const struct committer_report *r)
{
	enum work ended = WORK_NONE;
	struct scrub_figures f;

	if (r->backed_up)
		state_end_backup(s, r);
	if (r->scrubbed) {
		f = committer_scrub_figures(s->committer);
		state_log_check(s, &f);
	}
	if (r->searched)
		committer_tell(s->committer);
	if (r->worked) {
		ended = s->work;
		s->work = WORK_NONE;
	}
	if (r->outcome == STORE_LOST)
		state_lose(s, &r->why);
	else if (r->worked && r->outcome == STORE_FULL)
		state_degrade(s, &r->why);
	else if (ended == WORK_PROBE)
		state_probed(s);
	else if (ended == WORK_COMMIT)
		state_committed(s);
	state_advance(s);
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

/* At the end of a turn, or of an interval. */
static void
advance_cb(evutil_socket_t fd, short what, void *arg)
{
	struct state *s = arg;

	(void)fd;
	(void)what;
	state_advance(s);
}

static void
state_free(struct state *s)
{
	const struct committer_report last = committer_free(s->committer);

	if (last.backed_up)
		state_log_backup(s, &last);
	if (s->report != NULL)
		event_free(s->report);
	if (s->turn != NULL)
		event_free(s->turn);
	if (s->retry != NULL)
		event_free(s->retry);
	if (s->later != NULL)
		event_free(s->later);
	for (size_t i = 0; i < 2; i++)
		round_end(&s->rounds[i]);
	saving_end(&s->saving);
	datatable_free(s->image);
	free(s);
}

static int
create_parts(struct state *s)
{
	const struct timeval save_after = { SAVE_SECONDS, 0 };
	struct event_base *base = s->config.base;
	enum datatable_overlay overlay = store_overlay(s->store);

	if (saving_begin(
		&s->saving, base, overlay, save_after, advance_cb, s) != 0)
		return -1;
	for (size_t i = 0; i < 2; i++)
		if (round_begin(&s->rounds[i]) != 0)
			return -1;
	s->gathering = &s->rounds[0];
	s->committing = &s->rounds[1];
	s->image = datatable_new(overlay);
	s->turn = event_new(base, -1, 0, advance_cb, s);
	s->retry = evtimer_new(base, retry_cb, s);
	s->later = evtimer_new(base, advance_cb, s);
	if (s->image == NULL || s->turn == NULL || s->retry == NULL ||
	    s->later == NULL)
		return -1;
	s->committer = committer_new(s->store);
	if (s->committer == NULL)
		return -1;
	s->report = event_new(base, committer_socket(s->committer),
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
	s->unwritten = store_is_unwritten(store);
	s->full_limit.kind = "reports of no space";
	s->clock_limit.kind = "steps of the system's clock";
	clock_watch_look(&s->clock);
	s->figures.took.bounds = took_bounds;
	s->figures.writes.bounds = writes_bounds;
	/* All was checked when the store was opened, as it may be damaged. */
	if (scrub_figures(store)->result != SCRUB_UNKNOWN)
		state_log_check(s, scrub_figures(store));
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
	if (!store_is_writable(store))
		state_start_probe(s);
	return s;
}

/* Wait for the running commit, then commit the writes gathered meanwhile. */
static void
state_finish_work(struct state *s)
{
	struct committer_report r;

	do {
		r = committer_wait(s->committer);
		state_take(s, &r);
	} while (s->work != WORK_NONE);
}

/* Commit everything. No client is served any more. Returns how many executed
 * changes are not committed, as there is no space. */
static unsigned
state_finish(struct state *s)
{
	evtimer_del(s->later);
	saving_hurry(&s->saving);
	state_advance(s);
	state_finish_work(s);
	if (state_uncommitted(s) > 0) {
		state_start_probe(s);
		state_finish_work(s);
	}
	return state_uncommitted(s);
}

int
state_close(struct state *s)
{
	struct store_error why;
	unsigned left;
	bool lost;
	struct store *store;

	if (s == NULL)
		return EX_OK;
	left = state_finish(s);
	if (left > 0)
		log_line(LOG_ERROR,
		    "state: no space: %u executed writes are not on the disk",
		    left);
	lost = s->condition == STATE_LOST;
	store = s->store;
	log_limit_flush(&s->full_limit, 1);
	log_limit_flush(&s->clock_limit, 1);
	state_free(s);
	if (store_close(store, &why) == 0)
		return left == 0 ? EX_OK : EX_IOERR;
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
state_is_unwritten(const struct state *s)
{
	return s->unwritten;
}

bool
state_is_degraded(const struct state *s)
{
	return s->condition != STATE_GOOD;
}

struct scrub_figures
state_journal(const struct state *s)
{
	return committer_scrub_figures(s->committer);
}

struct search *
state_search(struct state *s, const struct history_query *q,
    search_ended_fn ended, void *arg)
{
	return committer_search(s->committer, q, ended, arg);
}

void
state_forget(struct state *s, struct search *search)
{
	committer_forget(s->committer, search);
}

unsigned
state_commit_interval(const struct state *s)
{
	return state_uses_interval(s) ? s->config.interval : 0;
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
	s->backup_waits = true;
	evtimer_del(s->later);
	saving_hurry(&s->saving);
	state_advance(s);
}

int
state_back_up_for(
    struct state *s, const char *path, state_backed_up_fn ended, void *arg)
{
	if (s->backup_waits || s->backing_up)
		return -1;
	s->backed_up = ended;
	s->backed_up_arg = arg;
	state_back_up(s, path);
	return 0;
}

void
state_forget_backup(struct state *s)
{
	s->backed_up = NULL;
}
