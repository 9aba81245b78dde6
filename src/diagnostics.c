#include "diagnostics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "api/api.h"
#include "base/log.h"
#include "http/guard.h"
#include "http/server.h"
#include "listening.h"
#include "net/listener.h"
#include "options.h"
#include "report/client_report.h"
#include "report/request_times.h"

struct diagnostics {
	const struct options *options; /* borrowed */
	struct client_report *report;  /* owned, as is the rest; or NULL */
	struct api *api;
	struct request_times times;
	struct tap report_tap;
	struct tap times_tap;
	char token[GUARD_TOKEN_MAX + 1];
};

/* Insert a tap before the others. */
static void
add_tap(struct server_config *config, struct tap *place, struct tap tap)
{
	*place = tap;
	place->next = config->service.tap;
	config->service.tap = place;
}

/* Returns an exit status. */
static int
read_token(struct diagnostics *d)
{
	const char *file = d->options->http_token;
	const char *why = NULL;

	if (file != NULL)
		why = guard_read_token(file, d->token);
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
	struct diagnostics *d = calloc(1, sizeof(*d));

	*out = d;
	if (d == NULL) {
		log_line(LOG_ERROR, "start: %s", strerror(errno));
		return EX_OSERR;
	}
	d->options = o;
	if (!o->http && !o->client_report)
		return EX_OK;
	d->report = client_report_new();
	if (d->report == NULL) {
		log_line(
		    LOG_ERROR, "start: client report: %s", strerror(errno));
		return EX_OSERR;
	}
	add_tap(config, &d->report_tap, client_report_tap(d->report));
	if (o->http)
		add_tap(config, &d->times_tap, request_times_tap(&d->times));
	return read_token(d);
}

int
diagnostics_start(struct diagnostics *d, struct event_base *base,
    const struct api_config *api)
{
	const struct options *o = d->options;
	struct api_config config = *api;
	struct address where = o->http_listen;
	char text[ADDRESS_TEXT_MAX];

	if (!o->http)
		return EX_OK;
	config.fd = listener_open(&where, false);
	if (config.fd < 0)
		return listening_failed("http", &where, errno);
	listener_set_options(config.fd);
	where = listener_bound(config.fd);
	config.report = d->report;
	config.times = &d->times;
	config.writable = o->http_write;
	config.token = o->http_token == NULL ? NULL : d->token;
	config.hosts = o->http_hosts;
	config.host_count = o->http_host_count;
	d->api = api_new(base, &config);
	if (d->api == NULL)
		return listening_failed("http", &where, errno);
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
diagnostics_print(struct diagnostics *d, const struct points *ps)
{
	if (d != NULL && d->options->client_report && d->report != NULL)
		client_report_print(d->report, ps, print_line, NULL);
}

void
diagnostics_free(struct diagnostics *d)
{
	if (d == NULL)
		return;
	api_free(d->api);
	client_report_free(d->report);
	free(d);
}
