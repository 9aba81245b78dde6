#include "system/notify.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/number.h"
#include "base/printable.h"

#define STATUS_INTERVAL_MS 2000

/* Limits of the time between two watchdog notifications. */
#define WATCHDOG_USEC_MIN UINT64_C(1000)
#define WATCHDOG_USEC_MAX (UINT64_C(24) * 3600 * 1000000)

enum phase {
	STARTING,
	READY,
	RELOADING,
	STOPPING,
};

#define ANNOUNCEMENT_SIZE 64

/* What a phase begins with. Returns text, which has room for ANNOUNCEMENT_SIZE
 * bytes. */
static const char *
announce(enum phase phase, char *text)
{
	static const char *const texts[] = {
		[STARTING] = "",
		[READY] = "READY=1\n",
		[RELOADING] = "RELOADING=1\n",
		[STOPPING] = "STOPPING=1\n",
	};

	if (phase == RELOADING)
		snprintf(text, ANNOUNCEMENT_SIZE,
		    "%sMONOTONIC_USEC=%" PRIu64 "\n", texts[phase], clock_us());
	else
		snprintf(text, ANNOUNCEMENT_SIZE, "%s", texts[phase]);
	return text;
}

/* What a notification says. */
struct report {
	enum phase phase;
	struct notify_figures figures;
};

struct notify {
	/* Owned, and always open: notifications must not fail for want of a
	 * descriptor. -1: no notify socket. */
	int fd;
	struct sockaddr_un to;
	socklen_t to_length;
	notify_figures_fn figures;
	void *arg;              /* borrowed */
	struct event *status;   /* owned */
	struct event *watchdog; /* owned */
	enum phase phase;
	struct report sent; /* by the last notification */
	bool failing;
	struct log_limit limit;
};

static void
ignore_variable(const char *name, const char *expected)
{
	char shown[PRINTABLE_SIZE];

	log_line(LOG_WARN, "notify: %s: \"%s\": ignored: expected %s", name,
	    printable(getenv(name), shown), expected);
}

/* Log when notifications begin to fail, and when they succeed again. */
static void
note_outcome(struct notify *n, bool failed)
{
	if (failed && !n->failing)
		log_limited(&n->limit, LOG_WARN,
		    "notify: cannot notify the service manager: %s",
		    strerror(errno));
	else if (!failed && n->failing)
		log_limited(&n->limit, LOG_INFO,
		    "notify: the service manager can be notified again");
	n->failing = failed;
}

/* Returns 0 or -1. */
static int
notify_send(struct notify *n, const char *message)
{
	ssize_t sent = sendto(n->fd, message, strlen(message), MSG_NOSIGNAL,
	    (const struct sockaddr *)&n->to, n->to_length);

	note_outcome(n, sent < 0);
	return sent < 0 ? -1 : 0;
}

static bool
is_same(const struct report *a, const struct report *b)
{
	return a->phase == b->phase &&
	    a->figures.connections == b->figures.connections &&
	    a->figures.requests == b->figures.requests;
}

static struct report
notify_report(const struct notify *n)
{
	return (struct report){
		.phase = n->phase,
		.figures = n->figures(n->arg),
	};
}

/* Send what has changed since the last notification, if anything has. */
static void
notify_update(struct notify *n)
{
	struct report now = notify_report(n);
	char announcement[ANNOUNCEMENT_SIZE] = "";
	char message[2 * ANNOUNCEMENT_SIZE];

	if (n->fd < 0 || is_same(&now, &n->sent))
		return;
	if (now.phase != n->sent.phase)
		announce(now.phase, announcement);
	snprintf(message, sizeof(message),
	    "%sSTATUS=%" PRIu64 " connections, %" PRIu64 " requests",
	    announcement, now.figures.connections, now.figures.requests);
	if (notify_send(n, message) == 0)
		n->sent = now;
}

static void
notify_status_cb(evutil_socket_t fd, short what, void *arg)
{
	struct notify *n = arg;

	(void)fd;
	(void)what;
	notify_update(n);
	log_limit_flush(&n->limit, 0);
}

static void
notify_watchdog_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	notify_send(arg, "WATCHDOG=1");
}

/* The address of the notify socket: a path, or "@" and an abstract name.
 * Returns 0 or -1. */
static int
notify_set_address(struct notify *n, const char *name)
{
	size_t length = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || length < 2 ||
	    length >= sizeof(n->to.sun_path))
		return -1;
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, name, length);
	if (name[0] == '@')
		n->to.sun_path[0] = '\0';
	n->to_length =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return 0;
}

/* Open the notify socket, if there is one. */
static void
notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");

	if (name == NULL)
		return;
	if (notify_set_address(n, name) != 0) {
		ignore_variable("NOTIFY_SOCKET",
		    "the path of a socket, or @ and its abstract name");
		return;
	}
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	note_outcome(n, n->fd < 0);
}

/* Whether the watchdog is for this process: the variable may be inherited. */
static bool
watchdog_is_ours(void)
{
	const char *text = getenv("WATCHDOG_PID");
	uint64_t pid;

	if (text == NULL)
		return true;
	if (number_parse(text, 1, INT_MAX, &pid) == 0)
		return (pid_t)pid == getpid();
	ignore_variable("WATCHDOG_PID", "a process ID");
	return false;
}

/* Microseconds between two watchdog messages; 0: none are sent. */
static uint64_t
watchdog_interval(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	uint64_t usec;

	if (text == NULL || !watchdog_is_ours())
		return 0;
	if (number_parse(text, 1, UINT64_MAX, &usec) != 0) {
		ignore_variable("WATCHDOG_USEC", "microseconds, 1 or more");
		return 0;
	}
	usec /= 2;
	if (usec < WATCHDOG_USEC_MIN)
		return WATCHDOG_USEC_MIN;
	return usec < WATCHDOG_USEC_MAX ? usec : WATCHDOG_USEC_MAX;
}

/* Returns a timer that is running, or NULL. */
static struct event *
new_timer(
    struct event_base *base, uint64_t usec, event_callback_fn cb, void *arg)
{
	const struct timeval every = { (time_t)(usec / 1000000),
		(suseconds_t)(usec % 1000000) };
	struct event *timer = event_new(base, -1, EV_PERSIST, cb, arg);

	if (timer == NULL || event_add(timer, &every) == 0)
		return timer;
	event_free(timer);
	return NULL;
}

struct notify *
notify_new(struct event_base *base, notify_figures_fn figures, void *arg)
{
	struct notify *n = calloc(1, sizeof(*n));
	uint64_t interval;

	if (n == NULL)
		return NULL;
	n->fd = -1;
	n->figures = figures;
	n->arg = arg;
	n->limit.kind = "notifications";
	notify_open(n);
	if (n->fd < 0)
		return n;
	interval = watchdog_interval();
	n->status = new_timer(
	    base, STATUS_INTERVAL_MS * UINT64_C(1000), notify_status_cb, n);
	if (interval != 0)
		n->watchdog = new_timer(base, interval, notify_watchdog_cb, n);
	if (n->status == NULL || (interval != 0 && n->watchdog == NULL)) {
		notify_free(n);
		return NULL;
	}
	return n;
}

void
notify_free(struct notify *n)
{
	if (n == NULL)
		return;
	log_limit_flush(&n->limit, 1);
	if (n->status != NULL)
		event_free(n->status);
	if (n->watchdog != NULL)
		event_free(n->watchdog);
	if (n->fd >= 0)
		close(n->fd);
	free(n);
}

void
notify_ready(struct notify *n)
{
	n->phase = READY;
	notify_update(n);
}

void
notify_reloading(struct notify *n)
{
	n->phase = RELOADING;
	notify_update(n);
}

void
notify_stopping(struct notify *n)
{
	n->phase = STOPPING;
	notify_update(n);
}
