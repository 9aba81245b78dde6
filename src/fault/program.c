#include "fault/program.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <inttypes.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "base/printable.h"
#include "fault/act_log.h"
#include "fault/control.h"
#include "fault/find_server.h"
#include "fault/proxy.h"
#include "fault/rules.h"
#include "fault/rules_file.h"
#include "http/guard.h"
#include "net/bind_failure.h"
#include "net/event_loop.h"
#include "net/listener.h"
#include "system/error.h"
#include "system/process.h"
#include "system/signals.h"
#include "system/socket.h"
#include "version.h"

/* What the program owns, created from top to bottom and freed in the reverse
 * order. Any pointer may be NULL. */
struct program {
	const struct fault_options *options; /* borrowed */
	struct fault_rules *rules;
	struct address to; /* the server */
	char token[GUARD_TOKEN_MAX + 1];
	struct fault_act_log acts;
	struct signals *signals;
	struct event_base *base;
	struct event *second;
	struct fault_proxy *proxy;
	struct fault_control *control;
};

/* Returns an exit status. */
static int
out_of_resources(const char *what)
{
	log_line(LOG_ERROR, "start: %s: %s", what, error_text(errno));
	return EX_OSERR;
}

/* --- the rules ---------------------------------------------------------- */

/* Read the file of rules. Returns an exit status. */
static int
read_file(struct program *p, const char *event)
{
	const char *path = p->options->file;
	char error[FAULT_RULES_ERROR_MAX], text[PRINTABLE_SIZE];

	printable(path, text);
	if (fault_rules_read(p->rules, path, error) != 0) {
		log_line(
		    LOG_ERROR, "%s: --rules: \"%s\": %s", event, text, error);
		return EX_CONFIG;
	}
	log_line(LOG_WARN, "rules: \"%s\": %zu in force", text,
	    fault_rules_count(p->rules));
	return EX_OK;
}

/* Take the rules of the options. Returns an exit status. */
static int
start_rules(struct program *p)
{
	const struct fault_options *o = p->options;
	char error[FAULT_RULES_ERROR_MAX];

	p->rules = fault_rules_new(o->seed);
	if (p->rules == NULL)
		return out_of_resources("rules");
	if (o->file != NULL)
		return read_file(p, "start");
	for (size_t i = 0; i < o->rule_count; i++)
		if (fault_rules_add(p->rules, o->rules[i], error) != 0) {
			log_line(LOG_ERROR, "start: --rule: %s", error);
			return EX_OSERR; /* they were parsed before */
		}
	if (o->rule_count == 0)
		log_line(LOG_INFO, "rules: none");
	else
		log_line(
		    LOG_WARN, "rules: --rule: %zu in force", o->rule_count);
	return EX_OK;
}

static void
acted(
    void *arg, const struct fault_request *request, const struct fault_act *act)
{
	struct program *p = arg;

	fault_act_log_write(&p->acts, request, act);
}

/* --- signals and time --------------------------------------------------- */

static void
requested(void *arg, enum signals_request request, const char *how)
{
	struct program *p = arg;

	switch (request) {
	case SIGNALS_STOP:
		log_line(LOG_INFO, "stop: %s", how);
		event_base_loopbreak(p->base);
		break;
	case SIGNALS_RELOAD:
		if (p->options->file != NULL)
			read_file(p, "reload");
		else
			log_line(LOG_WARN, "SIGHUP ignored: no --rules");
		break;
	case SIGNALS_BACK_UP:
	case SIGNALS_REPORT:
		break;
	}
}

static void
second_cb(evutil_socket_t fd, short what, void *arg)
{
	struct program *p = arg;

	(void)fd;
	(void)what;
	fault_act_log_flush(&p->acts, 0);
}

/* Returns an exit status. */
static int
start_loop(struct program *p)
{
	const struct timeval second = { 1, 0 };

	p->base = event_loop_new();
	if (p->base == NULL || signals_catch(p->signals, p->base, true) != 0 ||
	    signals_catch(p->signals, p->base, false) != 0)
		return out_of_resources("event loop");
	p->second = event_new(p->base, -1, EV_PERSIST, second_cb, p);
	if (p->second == NULL || event_add(p->second, &second) != 0)
		return out_of_resources("event loop");
	return EX_OK;
}

/* --- the server --------------------------------------------------------- */

/* Returns an exit status. */
static int
find_server(struct program *p)
{
	return fault_find_server(p->options, &p->to);
}

/* Returns an exit status. */
static int
start_proxy(struct program *p)
{
	const struct fault_options *o = p->options;
	const struct fault_proxy_config config = {
		.base = p->base,
		.rules = p->rules,
		.to = p->to,
		.max_connections = (size_t)o->max_connections,
		.on_act = acted,
		.arg = p,
	};

	p->proxy = fault_proxy_new(&config);
	return p->proxy == NULL ? out_of_resources("proxy") : EX_OK;
}

/* Let clients in. Returns an exit status. */
static int
listen_to_clients(struct program *p)
{
	const struct fault_options *o = p->options;
	char text[ADDRESS_TEXT_MAX], server[ADDRESS_TEXT_MAX];
	struct address where;

	if (fault_proxy_listen(p->proxy, &o->listen, o->both_families) != 0)
		return bind_failure("listen", &o->listen, errno);
	where = fault_proxy_address(p->proxy);
	log_line(LOG_INFO, "listen: %s: to %s, seed %" PRIu64,
	    address_format(&where, text), address_format(&p->to, server),
	    o->seed);
	log_announce("Starting mbfault on port %u.", where.port);
	log_announce("mbfault running...");
	return EX_OK;
}

/* --- HTTP --------------------------------------------------------------- */

/* Returns an exit status. */
static int
read_token(struct program *p)
{
	const char *file = p->options->http_token;
	const char *why =
	    file == NULL ? NULL : guard_read_token(file, p->token);
	char text[PRINTABLE_SIZE];

	if (why == NULL)
		return EX_OK;
	log_line(LOG_ERROR, "start: --http-token: \"%s\": %s",
	    printable(file, text), why);
	return EX_CONFIG;
}

/* Returns an exit status. */
static int
serve_http(struct program *p, evutil_socket_t fd)
{
	const struct fault_options *o = p->options;
	const struct fault_control_config config = {
		.base = p->base,
		.fd = fd,
		.rules = p->rules,
		.proxy = p->proxy,
		.token = o->http_token == NULL ? NULL : p->token,
		.hosts = o->http_hosts,
		.host_count = o->http_host_count,
	};

	p->control = fault_control_new(&config);
	return p->control == NULL ? out_of_resources("http") : EX_OK;
}

/* Returns an exit status. */
static int
start_http(struct program *p)
{
	const struct address *where = &p->options->http_listen;
	struct address bound;
	char text[ADDRESS_TEXT_MAX];
	evutil_socket_t fd;

	if (!p->options->http)
		return EX_OK;
	fd = listener_bind(where, false);
	if (fd < 0)
		return bind_failure("http", where, errno);
	listener_set_options(fd);
	bound = listener_bound(fd);
	if (socket_listen(fd) != 0) {
		int error = errno;

		socket_close(fd);
		return bind_failure("http", &bound, error);
	}
	log_line(LOG_INFO, "http: http://%s/rules: %s",
	    address_format(&bound, text),
	    p->options->http_token == NULL ? "without a token" :
					     "with the token");
	return serve_http(p, fd);
}

/* --- the whole ---------------------------------------------------------- */

/* Create everything, bottom up, and listen. Returns an exit status. */
static int
start(struct program *p)
{
	static int (*const steps[])(struct program * p) = {
		start_rules,
		read_token,
		find_server,
		start_loop,
		start_proxy,
		start_http,
		listen_to_clients,
	};
	int status = EX_OK;

	fault_act_log_init(&p->acts);
	p->signals = signals_new(requested, p);
	if (p->signals == NULL)
		return out_of_resources("signals");
	process_raise_descriptor_limit();
	log_announce("mbfault version %s", VERSION);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		status = steps[i](p);
		if (status != EX_OK)
			break;
	}
	return status;
}

static void
finish(struct program *p)
{
	fault_control_free(p->control);
	fault_proxy_free(p->proxy);
	fault_act_log_flush(&p->acts, 1);
	if (p->second != NULL)
		event_free(p->second);
	signals_release(p->signals, true);
	signals_release(p->signals, false);
	signals_free(p->signals);
	/* Connections close their sockets from the loop. */
	if (p->base != NULL) {
		event_base_loop(p->base, EVLOOP_NONBLOCK);
		event_base_free(p->base);
	}
	fault_rules_free(p->rules);
	libevent_global_shutdown();
}

int
fault_program_run(const struct fault_options *options)
{
	struct program program = { .options = options };
	int status;

	event_loop_log_complaints();
	status = start(&program);
	if (status == EX_OK && event_base_dispatch(program.base) < 0)
		status = out_of_resources("event loop");
	finish(&program);
	return status;
}
