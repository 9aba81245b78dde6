#include "system/signals.h"

#include <event2/event.h>
#include <stdlib.h>

#include "service.h"
#include "signals_raise.h"
#include "system/wakeup.h"

#define REQUESTS (SIGNALS_REPORT + 1)

struct signals {
	struct wakeup wakeup;
	struct event *raised; /* owned; NULL: nothing is caught yet */
	signals_fn requested;
	void *arg;                 /* borrowed */
	bool caught[REQUESTS];     /* with the lock */
	const char *how[REQUESTS]; /* likewise; NULL: not raised */
};

/* Windows knows one process: its one object, with the lock. */
static SRWLOCK lock = SRWLOCK_INIT;
static struct signals *current;

void
signals_ignore_closed_pipes(void)
{
}

void
signals_ignore_file_limits(void)
{
}

bool
signals_raise(enum signals_request request, const char *how)
{
	bool caught;

	AcquireSRWLockExclusive(&lock);
	caught = current != NULL && current->caught[request];
	if (caught) {
		current->how[request] = how;
		wakeup_signal(&current->wakeup);
	}
	ReleaseSRWLockExclusive(&lock);
	return caught;
}

static const char *
name_of(DWORD event)
{
	switch (event) {
	case CTRL_C_EVENT:
		return "^C";
	case CTRL_BREAK_EVENT:
		return "Ctrl-Break";
	case CTRL_CLOSE_EVENT:
		return "the console was closed";
	default:
		return "the session ends";
	}
}

/* Windows ends the process as soon as this returns, but for ^C and Ctrl-Break;
 * and some seconds later when it does not. */
static BOOL WINAPI
console(DWORD event)
{
	if (!signals_raise(SIGNALS_STOP, name_of(event)))
		return FALSE;
	if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
		Sleep(INFINITE);
	return TRUE;
}

struct signals *
signals_new(signals_fn requested, void *arg)
{
	struct signals *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->requested = requested;
	s->arg = arg;
	return s;
}

static const char *
take(struct signals *s, enum signals_request request)
{
	const char *how;

	AcquireSRWLockExclusive(&lock);
	how = s->how[request];
	s->how[request] = NULL;
	ReleaseSRWLockExclusive(&lock);
	return how;
}

static void
raised_cb(evutil_socket_t fd, short what, void *arg)
{
	struct signals *s = arg;
	const char *how;

	(void)fd;
	(void)what;
	wakeup_clear(&s->wakeup);
	for (int i = 0; i < REQUESTS; i++)
		if ((how = take(s, (enum signals_request)i)) != NULL)
			s->requested(s->arg, (enum signals_request)i, how);
}

/* Returns 0, or -1. */
static int
begin(struct signals *s, struct event_base *base)
{
	if (wakeup_open(&s->wakeup) != 0)
		return -1;
	s->raised = event_new(base, wakeup_socket(&s->wakeup),
	    EV_READ | EV_PERSIST, raised_cb, s);
	if (s->raised != NULL && event_add(s->raised, NULL) == 0)
		return 0;
	if (s->raised != NULL)
		event_free(s->raised);
	s->raised = NULL;
	wakeup_close(&s->wakeup);
	return -1;
}

/* Requests to stop, or the others. Returns whether any is caught then. */
static bool
set_caught(struct signals *s, bool stops, bool caught)
{
	bool any = false;

	AcquireSRWLockExclusive(&lock);
	for (int i = 0; i < REQUESTS; i++) {
		if ((i == SIGNALS_STOP) == stops)
			s->caught[i] = caught;
		any |= s->caught[i];
	}
	current = any ? s : NULL;
	ReleaseSRWLockExclusive(&lock);
	return any;
}

/* A service has no console, but would be told that a session ends. */
int
signals_catch(struct signals *s, struct event_base *base, bool stops)
{
	if (s->raised == NULL && begin(s, base) != 0)
		return -1;
	set_caught(s, stops, true);
	if (stops && !service_is_running())
		SetConsoleCtrlHandler(console, TRUE);
	return 0;
}

void
signals_release(struct signals *s, bool stops)
{
	if (s == NULL || set_caught(s, stops, false) || s->raised == NULL)
		return;
	event_free(s->raised);
	s->raised = NULL;
	wakeup_close(&s->wakeup);
}

void
signals_free(struct signals *s)
{
	free(s);
}
