#include "state/historian.h"

#include <stdlib.h>

#include "base/clock.h"

/* A step is made when nothing was committed for a moment, but not too late; and
 * it is followed by a pause as long as itself, but not too short. */
#define QUIET_NS     UINT64_C(1000000)
#define LATEST_NS    UINT64_C(10000000)
#define PAUSE_MIN_NS UINT64_C(250000)

struct search {
	TAILQ_ENTRY(search) link;
	struct history *history; /* owned */
	search_ended_fn ended;
	void *arg;
	bool forgotten; /* while its step is being done */
};

static void
search_free(struct search *s)
{
	history_free(s->history);
	free(s);
}

void
historian_init(struct historian *o, struct store *s)
{
	*o = (struct historian){ .reader.store = s };
	pthread_mutex_init(&o->lock, NULL);
	TAILQ_INIT(&o->waiting);
	TAILQ_INIT(&o->ended);
}

static void
free_all(struct search_list *list)
{
	struct search *s;

	while ((s = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE_HEAD(list, link);
		search_free(s);
	}
}

void
historian_free(struct historian *o)
{
	free_all(&o->waiting);
	free_all(&o->ended);
	pthread_mutex_destroy(&o->lock);
}

struct search *
historian_search(struct historian *o, const struct history_query *q,
    search_ended_fn ended, void *arg)
{
	struct search *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->history = history_new(q);
	s->ended = ended;
	s->arg = arg;
	if (s->history == NULL) {
		free(s);
		return NULL;
	}
	pthread_mutex_lock(&o->lock);
	TAILQ_INSERT_TAIL(&o->waiting, s, link);
	pthread_mutex_unlock(&o->lock);
	return s;
}

static bool
is_in(const struct search_list *list, const struct search *search)
{
	const struct search *s;

	TAILQ_FOREACH (s, list, link)
		if (s == search)
			return true;
	return false;
}

void
historian_forget(struct historian *o, struct search *s)
{
	pthread_mutex_lock(&o->lock);
	if (o->stepping && s == TAILQ_FIRST(&o->waiting)) {
		s->forgotten = true;
	} else {
		TAILQ_REMOVE(
		    is_in(&o->ended, s) ? &o->ended : &o->waiting, s, link);
		search_free(s);
	}
	pthread_mutex_unlock(&o->lock);
}

static struct search *
take_ended(struct historian *o)
{
	struct search *s;

	pthread_mutex_lock(&o->lock);
	s = TAILQ_FIRST(&o->ended);
	if (s != NULL)
		TAILQ_REMOVE(&o->ended, s, link);
	pthread_mutex_unlock(&o->lock);
	return s;
}

void
historian_tell(struct historian *o)
{
	struct search *s;

	while ((s = take_ended(o)) != NULL) {
		s->ended(s->arg, s->history);
		free(s);
	}
}

void
historian_worked(struct historian *o)
{
	o->worked_at = clock_ns();
}

static uint64_t
due(const struct historian *o)
{
	uint64_t quiet = o->worked_at + QUIET_NS;
	uint64_t latest = o->from + LATEST_NS;

	if (quiet < o->from)
		return o->from;
	return quiet < latest ? quiet : latest;
}

/* The search that is being done, NULL: there is none. If a step is due, it is
 * the thread's until end_step. */
static struct search *
begin_step(struct historian *o, bool is_due)
{
	struct search *s;

	pthread_mutex_lock(&o->lock);
	s = TAILQ_FIRST(&o->waiting);
	o->stepping = is_due && s != NULL;
	pthread_mutex_unlock(&o->lock);
	return s;
}

/* Returns whether there is a search that has ended. */
static bool
end_step(struct historian *o, struct search *s, bool ended)
{
	bool forgotten;

	pthread_mutex_lock(&o->lock);
	o->stepping = false;
	forgotten = s->forgotten;
	if (forgotten || ended)
		TAILQ_REMOVE(&o->waiting, s, link);
	if (forgotten)
		search_free(s);
	else if (ended)
		TAILQ_INSERT_TAIL(&o->ended, s, link);
	pthread_mutex_unlock(&o->lock);
	return ended && !forgotten;
}

uint64_t
historian_step(struct historian *o, bool *ended)
{
	uint64_t now = clock_ns(), end;
	struct search *s;

	*ended = false;
	s = begin_step(o, now >= due(o));
	if (s == NULL)
		return UINT64_MAX;
	if (now < due(o))
		return due(o);
	*ended = end_step(o, s, history_step(s->history, &o->reader));
	end = clock_ns();
	o->from = end + (end - now > PAUSE_MIN_NS ? end - now : PAUSE_MIN_NS);
	return due(o);
}

void
historian_end(struct historian *o)
{
	history_reader_end(&o->reader);
}
