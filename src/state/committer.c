#include "state/committer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "state/backup.h"

/*
 * The lock protects what both threads use: the requests and the report. The
 * store and the members marked so belong to the thread.
 */
struct committer {
	struct store *store; /* borrowed */
	pthread_t thread;
	int fd; /* owned: an eventfd */

	pthread_mutex_t lock;
	pthread_cond_t wake; /* there is a request */
	pthread_cond_t done; /* there is a report */
	bool work;           /* requested: a commit; a probe if batch is NULL */
	const struct batch *batch;
	const char *backup_path; /* requested, or being copied */
	bool quit;
	struct committer_report report;

	struct backup *backup;  /* being copied; the thread's */
	bool lost;              /* the thread's */
	struct store_error why; /* of the last failure; the thread's */
};

/* Signal that there is a report; with the lock held. */
static void
notify(struct committer *c)
{
	const uint64_t one = 1;

	pthread_cond_signal(&c->done);
	/* It cannot fail: the count is far below its maximum. */
	while (write(c->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void
report_work(struct committer *c, enum store_outcome outcome,
    const struct store_error *why)
{
	pthread_mutex_lock(&c->lock);
	c->work = false;
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
report_backup(struct committer *c, bool failed, const struct store_error *why)
{
	pthread_mutex_lock(&c->lock);
	c->backup_path = NULL;
	c->report.backed_up = true;
	c->report.backup_failed = failed;
	c->report.backup_why = *why;
	notify(c);
	pthread_mutex_unlock(&c->lock);
}

/* Once the store is lost, every commit fails for the same reason. */
static void
do_work(struct committer *c, const struct batch *batch)
{
	enum store_outcome outcome = STORE_LOST;

	if (!c->lost)
		outcome = batch != NULL ?
		    store_commit(c->store, batch, &c->why) :
		    store_probe(c->store, &c->why);
	c->lost = outcome == STORE_LOST;
	report_work(c, outcome, &c->why);
	if (c->lost || store_checkpoint(c->store, &c->why) != STORE_LOST)
		return;
	c->lost = true;
	report_loss(c, &c->why);
}

static void
do_backup(struct committer *c, const char *path)
{
	struct store_error why = { .status = 0 };
	enum backup_state state = BACKUP_FAILED;

	if (c->backup == NULL)
		c->backup = backup_begin(c->store, path, &why);
	if (c->backup != NULL)
		state = backup_step(c->backup, &why);
	if (state == BACKUP_IN_PROGRESS)
		return;
	backup_end(c->backup);
	c->backup = NULL;
	report_backup(c, state == BACKUP_FAILED, &why);
}

static void *
run(void *arg)
{
	struct committer *c = arg;

	for (;;) {
		const struct batch *batch;
		const char *backup_path;
		bool work;

		pthread_mutex_lock(&c->lock);
		while (!c->work && !c->quit && c->backup_path == NULL)
			pthread_cond_wait(&c->wake, &c->lock);
		work = c->work;
		batch = c->batch;
		backup_path = c->quit ? NULL : c->backup_path;
		pthread_mutex_unlock(&c->lock);
		if (work)
			do_work(c, batch);
		else if (backup_path != NULL)
			do_backup(c, backup_path);
		else
			break;
	}
	backup_end(c->backup);
	return NULL;
}

/* Signals are handled by the event loop's thread. */
static int
start_thread(struct committer *c)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&c->thread, NULL, run, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

struct committer *
committer_new(struct store *s)
{
	struct committer *c = calloc(1, sizeof(*c));
	int error;

	if (c == NULL)
		return NULL;
	c->store = s;
	c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->fd < 0) {
		free(c);
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	pthread_cond_init(&c->done, NULL);
	error = start_thread(c);
	if (error == 0)
		return c;
	close(c->fd);
	free(c);
	errno = error;
	return NULL;
}

void
committer_free(struct committer *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->quit = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->wake);
	pthread_cond_destroy(&c->done);
	close(c->fd);
	free(c);
}

int
committer_fd(const struct committer *c)
{
	return c->fd;
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
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	return busy ? -1 : 0;
}

/* With the lock held. STORE_LOST stays in the report. */
static struct committer_report
take_report(struct committer *c)
{
	struct committer_report report = c->report;
	uint64_t count;

	while (read(c->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	c->report.worked = false;
	c->report.backed_up = false;
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
