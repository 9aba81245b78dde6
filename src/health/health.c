#include "health/health.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/exit_status.h"
#include "health/probe.h"
#include "health/request.h"
#include "system/error.h"
#include "system/signals.h"

#define PROBES_MAX 2

struct health {
	struct health_request request;
	struct event_base *base;          /* owned */
	struct probe *probes[PROBES_MAX]; /* owned */
	size_t count;
};

/* The first one that is unwell, or that has no reply yet; else NULL. */
static const struct probe *
find_bad(const struct health *h)
{
	for (size_t i = 0; i < h->count; i++)
		if (probe_verdict(h->probes[i]) == HEALTH_UNWELL)
			return h->probes[i];
	for (size_t i = 0; i < h->count; i++)
		if (probe_verdict(h->probes[i]) == HEALTH_WAIT)
			return h->probes[i];
	return NULL;
}

static void
probe_done(void *arg)
{
	struct health *h = arg;
	const struct probe *bad = find_bad(h);

	if (bad == NULL || probe_verdict(bad) == HEALTH_UNWELL)
		event_base_loopbreak(h->base);
}

/* Returns 0, or -1 with errno. */
static int
add_probe(
    struct health *h, const struct probe_kind *kind, const struct address *at)
{
	struct probe *p = probe_new(h->base, kind, at, probe_done, h);

	if (p == NULL)
		return -1;
	h->probes[h->count++] = p;
	return 0;
}

/* Ask, and wait for the replies or the deadline. Returns 0, or -1 with errno.
 */
static int
ask(struct health *h)
{
	const struct health_request *r = &h->request;
	const struct timeval deadline = { .tv_sec = r->timeout };

	h->base = event_base_new();
	if (h->base == NULL)
		return -1;
	if (r->modbus && add_probe(h, &probe_modbus, &r->modbus_at) != 0)
		return -1;
	if (r->http && add_probe(h, &probe_http, &r->http_at) != 0)
		return -1;
	if (event_base_loopexit(h->base, &deadline) != 0)
		return -1;
	return event_base_dispatch(h->base) < 0 ? -1 : 0;
}

static void
print_place(const struct probe *p)
{
	char where[ADDRESS_TEXT_MAX];

	printf("%s at %s", probe_kind_of(p)->name,
	    address_format(probe_at(p), where));
}

/* Returns an exit status. */
static int
print_verdict(const struct health *h)
{
	const struct probe *bad = find_bad(h);

	if (bad == NULL) {
		for (size_t i = 0; i < h->count; i++) {
			fputs(i == 0 ? "healthy: " : ", ", stdout);
			print_place(h->probes[i]);
		}
		putchar('\n');
		return HEALTH_GOOD;
	}
	fputs("unhealthy: ", stdout);
	print_place(bad);
	if (probe_verdict(bad) == HEALTH_UNWELL)
		printf(": %s\n", probe_why(bad));
	else
		printf(": no reply within %u s\n", h->request.timeout);
	return HEALTH_BAD;
}

static int
fail(const char *what)
{
	fprintf(
	    stderr, "mbasyncserver: health: %s%s\n", what, error_text(errno));
	return EX_OSERR;
}

/* Returns an exit status. */
static int
run(struct health *h)
{
	int status = ask(h) == 0 ? print_verdict(h) : fail("");

	for (size_t i = 0; i < h->count; i++)
		probe_free(h->probes[i]);
	if (h->base != NULL)
		event_base_free(h->base);
	libevent_global_shutdown();
	return status;
}

/* Returns an exit status. */
static int
print_help(void)
{
	char *help = health_request_help();

	if (help == NULL)
		return fail("");
	fputs(help, stdout);
	free(help);
	return EX_OK;
}

int
health_main(int argc, char **argv)
{
	struct health h = { .count = 0 };
	char error[COMMAND_LINE_ERROR_MAX];
	int status;

	signals_ignore_closed_pipes(); /* of a connection, or of standard output
					*/
	if (health_request_parse(argc, argv, &h.request, error) != 0) {
		fprintf(stderr, "mbasyncserver: health: %s\n", error);
		return EX_USAGE;
	}
	status = h.request.help ? print_help() : run(&h);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fail("standard output: ");
	return EX_IOERR;
}
