#include "diagnostics.h"

#include <errno.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "http/guard.h"
#include "http/own_names.h"
#include "http/server.h"
#include "net/bind_failure.h"
#include "net/listener.h"
#include "options.h"
#include "report/client_report.h"
#include "report/recorder.h"
#include "report/request_times.h"
#include "system/error.h"
#include "system/socket.h"

struct diagnostics {
	const struct options *options; /* borrowed */
	struct client_report *report;  /* owned, as is the rest; or NULL */
	struct recorder *recorder;
	struct api *api;
	struct request_times times;
	struct tap report_tap;
	struct tap times_tap;
	struct tap recorder_tap;
	char token[GUARD_TOKEN_MAX + 1];
	struct own_names own_names;
	evutil_socket_t fd; /* owned until HTTP is served; -1: not bound */
	struct address where;
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
read_token(const struct options *o, char *token, const char *event)
{
	const char *file = o->http_token;
	const char *why = NULL;

	if (file != NULL)
		why = guard_read_token(file, token);
	if (why == NULL)
		return EX_OK;
	log_line(LOG_ERROR, "%s: --http-token: \"%s\": %s", event, file, why);
	return EX_CONFIG;
}

int
diagnostics_check(const struct options *o)
{
	char token[GUARD_TOKEN_MAX + 1];

	return read_token(o, token, "start");
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
		log_line(LOG_ERROR, "start: %s", error_text(errno));
		return EX_OSERR;
	}
	d->options = o;
	d->fd = -1;
	if (!o->http && !o->client_report)
		return EX_OK;
	d->report = client_report_new();
	if (d->report == NULL) {
		log_line(
		    LOG_ERROR, "start: client report: %s", error_text(errno));
		return EX_OSERR;
	}
	add_tap(config, &d->report_tap, client_report_tap(d->report));
	if (o->http)
		add_tap(config, &d->times_tap, request_times_tap(&d->times));
	if (o->http && o->http_recorder != 0) {
		d->recorder =
		    recorder_new(config->service.table, o->http_recorder);
		if (d->recorder == NULL) {
			log_line(LOG_ERROR, "start: recorder: %s",
			    error_text(errno));
			return EX_OSERR;
		}
		add_tap(config, &d->recorder_tap, recorder_tap(d->recorder));
	}
	return read_token(o, d->token, "start");
}

int
diagnostics_bind(struct diagnostics *d)
{
	const struct options *o = d->options;
	char text[ADDRESS_TEXT_MAX];

	if (!o->http)
		return EX_OK;
	d->fd = listener_bind(&o->http_listen, false);
	if (d->fd < 0)
		return bind_failure("http", &o->http_listen, errno);
	listener_set_options(d->fd);
	d->where = listener_bound(d->fd);
	log_line(LOG_INFO, "http: %s://%s/: %s", o->http_tls ? "https" : "http",
	    address_format(&d->where, text),
	    o->http_write ? "reading and writing" : "reading only");
	return EX_OK;
}

int
diagnostics_start(struct diagnostics *d, struct event_base *base,
    const struct api_config *api, struct ssl_ctx_st *context)
{
	const struct options *o = d->options;
	struct api_config config = *api;

	if (!o->http)
		return EX_OK;
	if (socket_listen(d->fd) != 0)
		return bind_failure("http", &d->where, errno);
	config.fd = d->fd;
	d->fd = -1;
	config.report = d->report;
	config.recorder = d->recorder;
	config.times = &d->times;
	config.writable = o->http_write;
	config.secure = context;
	config.token = o->http_token == NULL ? NULL : d->token;
	config.hosts = o->http_hosts;
	config.host_count = o->http_host_count;
	own_names_read(&d->own_names);
	config.frames = o->http_frames;
	config.frame_count = o->http_frame_count;
	config.origins = o->http_origins;
	config.origin_count = o->http_origin_count;
	config.own_names = d->own_names.names;
	config.own_name_count = d->own_names.count;
	d->api = api_new(base, &config);
	if (d->api == NULL)
		return bind_failure("http", &d->where, errno);
	return EX_OK;
}

int
diagnostics_reread(const struct diagnostics *d, struct diagnostics_token *token)
{
	*token = (struct diagnostics_token){ .text = "" };
	return read_token(d->options, token->text, "reload") == EX_OK ? 0 : -1;
}

void
diagnostics_renew(struct diagnostics *d, const struct diagnostics_token *token,
    struct ssl_ctx_st *context)
{
	memcpy(d->token, token->text, sizeof(d->token));
	if (d->api != NULL && context != NULL)
		api_renew(d->api, context);
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
	if (d->fd >= 0)
		socket_close(d->fd);
	recorder_free(d->recorder);
	client_report_free(d->report);
	free(d);
}
