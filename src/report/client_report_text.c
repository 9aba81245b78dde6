/* The report as text. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/who.h"
#include "modbus/request.h"
#include "report/client_report.h"
#include "report/hint.h"
#include "report/poll_points.h"

#define LINE_MAX_LENGTH (400 + IDENTITY_NAME_SIZE + POINTS_NAMES_TEXT_MAX)
#define SECOND          1e6
#define MILLISECOND     1e3

/* The receiver of the lines, each of which starts with the host. */
struct printer {
	void (*put)(void *arg, const char *line);
	void *arg;
	const struct points *points; /* borrowed, or NULL */
	char host[WHO_TEXT_MAX];
};

static void __attribute__((format(printf, 2, 3)))
print(const struct printer *p, const char *format, ...)
{
	char line[LINE_MAX_LENGTH];
	int n = snprintf(line, sizeof(line), "%s: ", p->host);
	va_list args;

	va_start(args, format);
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	p->put(p->arg, line);
}

static void
print_totals(const struct printer *p, const struct report_host *h)
{
	print(p,
	    "%" PRIu64 " requests on %" PRIu64 " connections in %.1f s, %.1f "
	    "reconnects a minute, up to %" PRIu64 " requests at once",
	    h->requests, h->connections, (double)(h->last - h->first) / SECOND,
	    report_reconnects_a_minute(h), h->depth_max);
}

static void
print_poll(const struct printer *p, const struct report_poll *poll)
{
	struct poll_points points = { .half = false };
	char names[POINTS_NAMES_TEXT_MAX] = "";

	if (poll->count < 2)
		return;
	if (p->points != NULL)
		points = poll_points(p->points, poll);
	points_names_text(&points.names, "", names);
	print(p,
	    "polls %s, unit %u, address %u quantity %u%s%s%s: %" PRIu64
	    " times, every %.1f ms, jitter %.1f ms (%.1f to %.1f)%s%s%s",
	    mb_function_name(poll->function), poll->unit, poll->address,
	    poll->quantity, *names == '\0' ? "" : " (", names,
	    *names == '\0' ? "" : ")", poll->count, poll->period / MILLISECOND,
	    report_poll_jitter(poll) / MILLISECOND, poll->least / MILLISECOND,
	    poll->most / MILLISECOND,
	    poll->overlaps ? ", overlaps another poll" : "",
	    points.half ? ", reads half of a point" : "",
	    points.unnamed ? ", reads addresses without a point" : "");
}

static void
print_illegals(const struct printer *p, const struct report_host *h)
{
	for (size_t i = 0; i < h->illegal_count; i++)
		print(p,
		    "illegal requests: %" PRIu64 " of function %u, exception "
		    "%02u, such as %s",
		    h->illegals[i].count, h->illegals[i].function,
		    h->illegals[i].exception, h->illegals[i].wrong);
}

static unsigned
count_overlaps(const struct report_host *h)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->poll_count; i++)
		n += h->polls[i].overlaps;
	return n;
}

/* Who may have refused requests. */
static const char *
refusing(bool roles, bool points)
{
	if (roles)
		return points ? "roles, the access rules or the points" :
				"roles or the access rules";
	return points ? "access rules or the points" : "access rules";
}

void
report_hints(const struct report_host *h, const struct points *ps,
    report_put_hint_fn put, void *arg)
{
	static const struct report_which reads = { .functions = "1,2,3,4" };
	static const struct report_which failed = { .exceptions = "any" };
	static const struct report_which refused = { .exceptions = "1,2" };
	static const struct report_which unavailable = { .exceptions = "4" };
	static const struct report_which elsewhere = { .exceptions = "11" };
	const struct hint_receiver to = { put, arg };

	if (h->single_runs > 0)
		hint_put(&to, &reads,
		    "reads one item at a time: %" PRIu64
		    " sequences of adjacent addresses, the longest of %" PRIu64
		    " requests",
		    h->single_runs, h->singles_max);
	if (count_overlaps(h) > 0)
		hint_put(&to, &reads,
		    "reads the same addresses in several polls: %u overlap",
		    count_overlaps(h));
	if (h->ignored > 0)
		hint_put(&to, &failed,
		    "repeats refused requests: %" PRIu64 " %s", h->ignored,
		    h->ignored == 1 ? "time" : "times");
	if (h->refused > 0)
		hint_put(&to, &refused,
		    "is refused by the %s: %" PRIu64 " requests",
		    refusing(h->by_roles, ps != NULL), h->refused);
	if (h->unavailable > 0)
		hint_put(&to, &unavailable,
		    "wrote while writes were refused: %" PRIu64
		    " requests were answered with exception 04",
		    h->unavailable);
	if (h->elsewhere > 0)
		hint_put(&to, &elsewhere,
		    "asks for units that are not served: %" PRIu64 " requests",
		    h->elsewhere);
	if (ps != NULL)
		poll_points_hints(ps, h, &to);
}

static void
print_hint(void *arg, const char *text, const struct report_which *which)
{
	(void)which;
	print(arg, "%s", text);
}

/* An IPv6 address is in brackets, as with a port. */
static void
format_host(const struct report_host *h, char *text)
{
	char host[ADDRESS_TEXT_MAX];

	if (h->identity != NULL) {
		who_format(&h->host, h->identity, text);
		return;
	}
	address_format(&h->host, host);
	*strrchr(host, ':') = '\0'; /* without the port, which is 0 */
	snprintf(text, WHO_TEXT_MAX, "%s", host);
}

void
client_report_print(struct client_report *r, const struct points *ps,
    void (*put)(void *arg, const char *line), void *arg)
{
	struct printer p = { .put = put, .arg = arg, .points = ps };
	const struct report_host *h;

	for (size_t i = 0; (h = client_report_host(r, i)) != NULL; i++) {
		format_host(h, p.host);
		print_totals(&p, h);
		for (size_t j = 0; j < h->poll_count; j++)
			print_poll(&p, &h->polls[j]);
		print_illegals(&p, h);
		report_hints(h, ps, print_hint, &p);
	}
}
