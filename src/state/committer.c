#include "state/committer.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/exit_status.h"
#include "state/backup.h"
#include "state/scrubber.h"
#include "system/thread.h"
#include "system/wakeup.h"

/* Times at which an idle job may be due. */
#define AT_ONCE UINT64_C(0)
#define NEVER   UINT64_MAX

/*
 * The lock protects what both threads use: the requests and the report. The
 * store and the members marked so belong to the thread.
 */
struct committer {
	struct store *store; /* borrowed */
	pthread_t thread;
	struct wakeup report_wakeup; /* owned */

	pthread_mutex_t lock;
	pthread_cond_t wake; /* there is something to do */
	pthread_cond_t done; /* there is a report */
	bool work;           /* requested: a commit; a probe if batch is NULL */
	const struct batch *batch; /* stays while it is requested */
	bool idle_work;            /* the idle jobs may have something to do */
	const char *backup_path;   /* requested, or being copied */
	bool quit;
	struct committer_report report;
	struct scrub_figures scrub_figures;

	uint64_t idle_at;      /* when an idle job is due; the thread's */
	struct backup *backup; /* being copied; the thread's */
	uint64_t shrink_from;  /* when its pause ends; clock_ns; the thread's */
	struct historian historian;
	struct scrubber scrubber; /* the thread's */
	bool lost;                /* the thread's */
	struct store_error why;   /* of the last failure; the thread's */
};

/* Signal that there is a report; with the lock held. */
static void
notify(struct committer *c)
{
	pthread_cond_signal(&c->done);
	wakeup_signal(&c->report_wakeup);
}

static void
report_work(struct committer *c, enum store_outcome outcome,
    const struct store_error *why)
{
	pthread_mutex_lock(&c->lock);
	c->work = false;
	if (outcome == STORE_DONE)
		c->idle_work = true;
	c->report.worked = true;
	c->report.outcome = outcome;
	c->report.why = *why;
	notify(c);
	pthread_mutex_unlock(&c->lock);
}

/* The disk has failed after a commit was reported. */
static void
report_loss(struct committer *c, const struct store_error *why)
{
	pthread_mutex_lock(&c->lock);
	c->report.outcome = STORE_LOST;
	c->report.why = *why;
	notify(c);
	pthread_mutex_unlock(&c->lock);
}

static void
report_backup(struct committer *c, int result, const struct store_error *why)
{
	pthread_mutex_lock(&c->lock);
	c->backup_path = NULL;
	c->report.backed_up = true;
	c->report.backup_failed = result != 0;
	c->report.backup_why = *why;
	notify(c);
	pthread_mutex_unlock(&c->lock);
}

/* Once the store is lost, every commit fails for the same reason. */
static void
do_work(struct committer *c)
{
	const struct batch *batch = c->batch;
	enum store_outcome outcome = STORE_LOST;

	if (!c->lost)
		outcome = batch != NULL ?
		    store_commit(c->store, batch, &c->why) :
		    store_probe(c->store, &c->why);
	c->lost = outcome == STORE_LOST;
	report_work(c, outcome, &c->why);
	historian_worked(&c->historian);
	if (scrubber_worked(&c->scrubber))
		c->idle_at = AT_ONCE;
	if (c->lost || store_checkpoint(c->store, &c->why) != STORE_LOST)
		return;
	c->lost = true;
	report_loss(c, &c->why);
}

/* Have the idle jobs stepped; from any thread. */
static void
wake_idle_jobs(void *arg)
{
	struct committer *c = arg;

	pthread_mutex_lock(&c->lock);
	c->idle_work = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

static const char *
requested_backup(struct committer *c)
{
	const char *path;

	pthread_mutex_lock(&c->lock);
	path = c->backup_path;
	pthread_mutex_unlock(&c->lock);
	return path;
}

static int
begin_backup(struct committer *c, const char *path)
{
	struct store_error why;

	c->backup = backup_begin(c->store, path, wake_idle_jobs, c, &why);
	if (c->backup == NULL)
		report_backup(c, -1, &why);
	return c->backup == NULL ? -1 : 0;
}

static void
end_backup(struct committer *c)
{
	struct store_error why;
	int result = backup_end(c->backup, &why);

	c->backup = NULL;
	report_backup(c, result, &why);
}

/* At the end. */
static void
cancel_backup(struct committer *c)
{
	const char *path = requested_backup(c);
	struct store_error why;

	if (c->backup != NULL)
		end_backup(c);
	else if (path != NULL)
		report_backup(c,
		    store_fail(&why, EX_TEMPFAIL, "%s: cancelled", path), &why);
}

static uint64_t
step_backup(struct committer *c)
{
	const char *path = requested_backup(c);
	enum backup_state state;

	if (path == NULL || (c->backup == NULL && begin_backup(c, path) != 0))
		return NEVER;
	state = backup_step(c->backup);
	if (state == BACKUP_DONE || state == BACKUP_FAILED)
		end_backup(c);
	return state == BACKUP_COPYING ? AT_ONCE : NEVER;
}

static void
report_search(struct committer *c)
{
	pthread_mutex_lock(&c->lock);
	c->report.searched = true;
	notify(c);
	pthread_mutex_unlock(&c->lock);
}

static uint64_t
step_search(struct committer *c)
{
	bool ended;
	uint64_t due = historian_step(&c->historian, &ended);

	if (ended)
		report_search(c);
	return due;
}

static void
report_scrub(struct committer *c, bool ended)
{
	pthread_mutex_lock(&c->lock);
	c->scrub_figures = *scrub_figures(c->store);
	if (ended) {
		c->report.scrubbed = true;
		notify(c);
	}
	pthread_mutex_unlock(&c->lock);
}

static uint64_t
step_scrub(struct committer *c)
{
	const struct scrubber_turn turn = scrubber_step(&c->scrubber, &c->why);

	if (turn.stepped)
		report_scrub(c, turn.ended);
	if (turn.lost) {
		c->lost = true;
		report_loss(c, &c->why);
	}
	return turn.due;
}

/* After a commit. It pauses after each step for as long as that took. */
static uint64_t
step_shrink(struct committer *c)
{
	uint64_t now = clock_ns();
	bool more;

	if (now < c->shrink_from)
		return c->shrink_from;
	if (store_shrink(c->store, &more, &c->why) == STORE_LOST) {
		c->lost = true;
		report_loss(c, &c->why);
	}
	c->shrink_from = 2 * clock_ns() - now;
	return more ? c->shrink_from : NEVER;
}

/*
 * What is done while there is no commit to do, the first job first. A step
 * takes about as long as a commit at most, which may have to wait for it. It
 * returns when the next one is due by clock_ns: AT_ONCE, or NEVER until
 * wake_idle_jobs.
 */
static uint64_t (*const idle_jobs[])(struct committer *c) = {
	step_search,
	step_backup,
	step_shrink,
	step_scrub,
};

static void
do_idle_work(struct committer *c)
{
	c->idle_at = NEVER;
	if (c->lost)
		return;
	for (size_t i = 0; i < sizeof(idle_jobs) / sizeof(*idle_jobs); i++) {
		uint64_t due = idle_jobs[i](c);

		if (due < c->idle_at)
			c->idle_at = due;
		if (due == AT_ONCE)
			return;
	}
}

enum turn {
	TURN_WORK,
	TURN_IDLE_WORK,
	TURN_QUIT,
};

/* With the lock held. Until the next idle job is due, at most. */
static void
wait_for_request(struct committer *c)
{
	if (c->idle_at == NEVER)
		pthread_cond_wait(&c->wake, &c->lock);
	else
		thread_wait_until(&c->wake, &c->lock, c->idle_at);
}

static enum turn
await_turn(struct committer *c)
{
	enum turn turn = TURN_QUIT;

	pthread_mutex_lock(&c->lock);
	while (!c->work && !c->quit && !c->idle_work && clock_ns() < c->idle_at)
		wait_for_request(c);
	if (c->work)
		turn = TURN_WORK;
	else if (!c->quit)
		turn = TURN_IDLE_WORK;
	if (turn == TURN_IDLE_WORK)
		c->idle_work = false;
	pthread_mutex_unlock(&c->lock);
	return turn;
}

static void *
run(void *arg)
{
	struct committer *c = arg;

	for (;;)
		switch (await_turn(c)) {
		case TURN_WORK:
			do_work(c);
			break;
		case TURN_IDLE_WORK:
			do_idle_work(c);
			break;
		case TURN_QUIT:
			cancel_backup(c);
			scrubber_end(&c->scrubber);
			historian_end(&c->historian);
			return NULL;
		}
}

struct committer *
committer_new(struct store *s)
{
	struct committer *c = calloc(1, sizeof(*c));
	int error;

	if (c == NULL)
		return NULL;
	c->store = s;
	if (wakeup_open(&c->report_wakeup) != 0) {
		free(c);
		return NULL;
	}
	historian_init(&c->historian, s);
	scrubber_init(&c->scrubber, s);
	c->scrub_figures = *scrub_figures(s);
	c->idle_at = AT_ONCE;
	pthread_mutex_init(&c->lock, NULL);
	thread_condition_init(&c->wake);
	pthread_cond_init(&c->done, NULL);
	error = thread_start(&c->thread, run, c);
	if (error == 0)
		return c;
	historian_free(&c->historian);
	wakeup_close(&c->report_wakeup);
	free(c);
	errno = error;
	return NULL;
}

struct committer_report
committer_free(struct committer *c)
{
	struct committer_report last = { .worked = false };

	if (c == NULL)
		return last;
	pthread_mutex_lock(&c->lock);
	c->quit = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	last = c->report;
	historian_free(&c->historian);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->wake);
	pthread_cond_destroy(&c->done);
	wakeup_close(&c->report_wakeup);
	free(c);
	return last;
}

evutil_socket_t
committer_socket(const struct committer *c)
{
	return wakeup_socket(&c->report_wakeup);
}

void
committer_work(struct committer *c, const struct batch *b)
{
	pthread_mutex_lock(&c->lock);
	c->work = true;
	c->batch = b;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

int
committer_back_up(struct committer *c, const char *path)
{
	bool busy;

	pthread_mutex_lock(&c->lock);
	busy = c->backup_path != NULL;
	if (!busy)
		c->backup_path = path;
	pthread_mutex_unlock(&c->lock);
	wake_idle_jobs(c);
	return busy ? -1 : 0;
}

/* With the lock held. STORE_LOST stays in the report. */
static struct committer_report
take_report(struct committer *c)
{
	struct committer_report report = c->report;

	wakeup_clear(&c->report_wakeup);
	c->report.worked = false;
	c->report.backed_up = false;
	c->report.scrubbed = false;
	c->report.searched = false;
	return report;
}

struct committer_report
committer_take_report(struct committer *c)
{
	struct committer_report report;

	pthread_mutex_lock(&c->lock);
	report = take_report(c);
	pthread_mutex_unlock(&c->lock);
	return report;
}

struct committer_report
committer_wait(struct committer *c)
{
	struct committer_report report;

	pthread_mutex_lock(&c->lock);
	while (c->work)
		pthread_cond_wait(&c->done, &c->lock);
	report = take_report(c);
	pthread_mutex_unlock(&c->lock);
	return report;
}

struct search *
committer_search(struct committer *c, const struct history_query *q,
    search_ended_fn ended, void *arg)
{
	struct search *s = historian_search(&c->historian, q, ended, arg);

	if (s != NULL)
		wake_idle_jobs(c);
	return s;
}

void
committer_forget(struct committer *c, struct search *s)
{
	historian_forget(&c->historian, s);
}

void
committer_tell(struct committer *c)
{
	historian_tell(&c->historian);
}

struct scrub_figures
committer_scrub_figures(struct committer *c)
{
	struct scrub_figures f;

	pthread_mutex_lock(&c->lock);
	f = c->scrub_figures;
	pthread_mutex_unlock(&c->lock);
	return f;
}
