#include "diagnostics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "http/guard.h"
#include "http/server.h"
#include "listening.h"
#include "options.h"
#include "report/client_report.h"
#include "report/request_times.h"

struct diagnostics {
	const struct options *options; /* borrowed */
	struct client_report *report;  /* owned, as is the rest; or NULL */
	struct http_server *http;
	struct request_times times;
	struct tap report_tap;
	struct tap times_tap;
	char token[GUARD_TOKEN_MAX + 1];
};

/* Put a tap before the others. */
static void
add_tap(struct server_config *config, struct tap *place, struct tap tap)
{
	*place = tap;
	place->next = config->service.tap;
	config->service.tap = place;
}

/* Returns an exit status. */
static int
read_token(struct diagnostics *i)
{
	const char *file = i->options->http_token;
	const char *why = NULL;

	if (file != NULL)
		why = guard_read_token(file, i->token);
	if (why == NULL)
		return EX_OK;
	log_line(LOG_ERROR, "start: --http-token: \"%s\": %s", file, why);
	return EX_CONFIG;
}

size_t
diagnostics_descriptors(const struct options *o)
{
	return o->http ? http_server_descriptors() : 0;
}

int
diagnostics_new(const struct options *o, struct server_config *config,
    struct diagnostics **out)
{
	struct diagnostics *i = calloc(1, sizeof(*i));

	*out = i;
	if (i == NULL) {
		log_line(LOG_ERROR, "start: %s", strerror(errno));
		return EX_OSERR;
	}
	i->options = o;
	if (!o->http && !o->client_report)
		return EX_OK;
	i->report = client_report_new();
	if (i->report == NULL) {
		log_line(
		    LOG_ERROR, "start: client report: %s", strerror(errno));
		return EX_OSERR;
	}
	add_tap(config, &i->report_tap, client_report_tap(i->report));
	if (o->http)
		add_tap(config, &i->times_tap, request_times_tap(&i->times));
	return read_token(i);
}

int
diagnostics_start(struct diagnostics *i, struct event_base *base,
    const struct http_server_config *what)
{
	const struct options *o = i->options;
	struct http_server_config config = *what;
	struct address where;
	char text[ADDRESS_TEXT_MAX];

	if (!o->http)
		return EX_OK;
	config.listen = o->http_listen;
	config.overlay = o->overlay;
	config.report = i->report;
	config.times = &i->times;
	config.writable = o->http_write;
	config.token = o->http_token == NULL ? NULL : i->token;
	config.hosts = o->http_hosts;
	config.host_count = o->http_host_count;
	i->http = http_server_new(base, &config);
	if (i->http == NULL)
		return listening_failed("http", &o->http_listen, errno);
	where = http_server_address(i->http);
	log_line(LOG_INFO, "http: http://%s/: %s", address_format(&where, text),
	    o->http_write ? "reading and writing" : "reading only");
	return EX_OK;
}

static void
print_line(void *arg, const char *line)
{
	(void)arg;
	log_asked(LOG_INFO, "report: %s", line);
}

void
diagnostics_print(struct diagnostics *i)
{
	if (i != NULL && i->options->client_report && i->report != NULL)
		client_report_print(i->report, print_line, NULL);
}

void
diagnostics_free(struct diagnostics *i)
{
	if (i == NULL)
		return;
	http_server_free(i->http);
	client_report_free(i->report);
	free(i);
}
