#include "system/signals.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The signals that are caught. SIGHUP stops what runs on a terminal, which has
 * closed then, and reloads a service. */
static const struct caught {
	int number;
	enum {
		CAUGHT_ALWAYS,
		CAUGHT_ON_TERMINAL,
		CAUGHT_WITHOUT,
	} when;
	enum signals_request request;
} caught[] = {
	{ SIGINT, CAUGHT_ALWAYS, SIGNALS_STOP },
	{ SIGTERM, CAUGHT_ALWAYS, SIGNALS_STOP },
	{ SIGHUP, CAUGHT_ON_TERMINAL, SIGNALS_STOP },
	{ SIGHUP, CAUGHT_WITHOUT, SIGNALS_RELOAD },
	{ SIGUSR1, CAUGHT_ALWAYS, SIGNALS_BACK_UP },
	{ SIGUSR2, CAUGHT_ALWAYS, SIGNALS_REPORT },
};

#define CAUGHT (sizeof(caught) / sizeof(*caught))

struct signals {
	struct event *events[CAUGHT]; /* owned; NULL: not caught */
	signals_fn requested;
	void *arg;        /* borrowed */
	bool on_terminal; /* there was a controlling one at the start */
};

void
signals_ignore_closed_pipes(void)
{
	signal(SIGPIPE, SIG_IGN);
}

void
signals_ignore_file_limits(void)
{
	signal(SIGXFSZ, SIG_IGN);
}

/* A terminal that closes is taken away with the signal, so that later it would
 * look as if there had been none. */
static bool
has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

struct signals *
signals_new(signals_fn requested, void *arg)
{
	struct signals *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->requested = requested;
	s->arg = arg;
	s->on_terminal = has_terminal();
	return s;
}

static bool
is_of(const struct caught *c, bool stops)
{
	return (c->request == SIGNALS_STOP) == stops;
}

static bool
is_to_be_caught(const struct signals *s, const struct caught *c)
{
	struct sigaction old;

	if (c->when == (s->on_terminal ? CAUGHT_WITHOUT : CAUGHT_ON_TERMINAL))
		return false;
	return sigaction(c->number, NULL, &old) != 0 ||
	    old.sa_handler != SIG_IGN;
}

static void
signal_cb(evutil_socket_t number, short what, void *arg)
{
	const struct signals *s = arg;
	char how[32];

	(void)what;
	snprintf(how, sizeof(how), "signal %d", number);
	for (size_t i = 0; i < CAUGHT; i++)
		if (s->events[i] != NULL && caught[i].number == number)
			s->requested(s->arg, caught[i].request, how);
}

int
signals_catch(struct signals *s, struct event_base *base, bool stops)
{
	for (size_t i = 0; i < CAUGHT; i++) {
		if (!is_of(&caught[i], stops) ||
		    !is_to_be_caught(s, &caught[i]))
			continue;
		s->events[i] =
		    evsignal_new(base, caught[i].number, signal_cb, s);
		if (s->events[i] == NULL || event_add(s->events[i], NULL) != 0)
			return -1;
	}
	return 0;
}

/* Signals that do not stop it don't do so at its very end either: they stay
 * blocked, as their default action is to end the process. */
void
signals_release(struct signals *s, bool stops)
{
	sigset_t set;

	for (size_t i = 0; s != NULL && i < CAUGHT; i++) {
		if (s->events[i] == NULL || !is_of(&caught[i], stops))
			continue;
		if (!stops && sigemptyset(&set) == 0 &&
		    sigaddset(&set, caught[i].number) == 0)
			sigprocmask(SIG_BLOCK, &set, NULL);
		event_free(s->events[i]);
		s->events[i] = NULL;
	}
}

void
signals_free(struct signals *s)
{
	free(s);
}
