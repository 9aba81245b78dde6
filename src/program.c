#include "program.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/timestamp.h"
#include "diagnostics.h"
#include "first_values_start.h"
#include "listening.h"
#include "naming.h"
#include "net/event_loop.h"
#include "net/server.h"
#include "persistence.h"
#include "points/points.h"
#include "points/rights.h"
#include "reload.h"
#include "report/trace.h"
#include "security.h"
#include "service/exchange.h"
#include "shared/member.h"
#include "shared_start.h"
#include "simulation/simulation.h"
#include "simulation_start.h"
#include "state/state.h"
#include "system/activation.h"
#include "system/error.h"
#include "system/notify.h"
#include "system/process.h"
#include "system/signals.h"
#include "table/datatable.h"
#include "table/last_writer.h"
#include "table/last_writer_report.h"
#include "version.h"

/* Standard streams, the event loop's epoll and pair of sockets for signals, and
 * one file that is open for a short time only. */
#define PROGRAM_DESCRIPTORS (3 + 3 + 1)

/* What the program owns, created from top to bottom and freed in the reverse
 * order. Any pointer may be NULL. */
struct program {
	struct options options;
	struct points *points;
	struct rights *rights; /* of these points */
	struct simulation *simulation;
	struct datatable *table;
	struct last_writer *last_writer;
	struct event_base *base;
	struct signals *signals;
	struct tap trace;
	struct policy access;
	struct policy units;
	const struct policy *policy; /* the first one, or NULL */
	struct state *state;
	struct shared_start shared;
	struct server *server;
	struct notify *notify;
	struct diagnostics *diagnostics;
	struct security *security;
	struct listening listening;
	uint16_t port; /* the real one */
	int status;    /* of a failure while running */
	bool serving;  /* clients are let in */
	bool stopping; /* after a signal */
	bool ending;   /* for whatever reason */
};

/* The time as the original printed it. text has room for TIMESTAMP_TEXT_MAX
 * bytes. */
static const char *
time_text(char *text)
{
	return timestamp_format_ctime(clock_realtime_us(), text);
}

/* Whoever asks for it. */
static void
program_stop(struct program *p)
{
	p->ending = true;
	notify_stopping(p->notify);
	server_stop(p->server);
}

/* The operator asks for it, by a signal. */
static void
stop_by_operator(struct program *p, const char *how)
{
	char now[TIMESTAMP_TEXT_MAX];

	if (p->stopping) {
		event_base_loopbreak(p->base); /* the second time: stop now */
		return;
	}
	p->stopping = true;
	log_announce("Operator terminated server at %s", time_text(now));
	log_line(LOG_INFO, "stop: %s", how);
	program_stop(p);
}

static void
put_report(void *arg, const char *line)
{
	(void)arg;
	log_asked(LOG_INFO, "writers: %s", line);
}

static void
shut_down_by_word(void *arg, const struct client *who)
{
	struct program *p = arg;
	char now[TIMESTAMP_TEXT_MAX];

	(void)who;
	log_announce("Shutdown command received by server %u. %s", p->port,
	    time_text(now));
	program_stop(p);
}

static void
stopped(void *arg)
{
	struct program *p = arg;

	event_base_loopbreak(p->base);
}

static void
back_up(struct program *p)
{
	if (p->options.state_backup != NULL && p->state != NULL)
		state_back_up(p->state, p->options.state_backup);
	else
		log_line(LOG_WARN, "SIGUSR1 ignored: no --state-backup");
}

static void
reload_files(struct program *p)
{
	if (p->ending)
		return;
	if (p->serving)
		notify_reloading(p->notify);
	reload(&p->options, p->security, p->diagnostics);
	if (p->serving)
		notify_ready(p->notify);
}

static void
requested(void *arg, enum signals_request request, const char *how)
{
	struct program *p = arg;

	switch (request) {
	case SIGNALS_STOP:
		stop_by_operator(p, how);
		break;
	case SIGNALS_RELOAD:
		reload_files(p);
		break;
	case SIGNALS_BACK_UP:
		back_up(p);
		break;
	case SIGNALS_REPORT:
		last_writer_report(p->last_writer, put_report, NULL);
		break;
	}
}

/* Returns an exit status. */
static int
out_of_resources(const char *what)
{
	log_line(LOG_ERROR, "start: %s: %s", what, error_text(errno));
	return EX_OSERR;
}

/* Descriptors that the program needs whatever its clients do. */
static size_t
descriptor_reserve(const struct program *p)
{
	const struct options *o = &p->options;

	return PROGRAM_DESCRIPTORS + SERVER_DESCRIPTORS + NOTIFY_DESCRIPTORS +
	    listening_descriptors(&p->listening, o) +
	    diagnostics_descriptors(o) + persistence_descriptors(o) +
	    shared_start_descriptors(o);
}

/* Units, roles, access rules, then what points allow. Returns an exit status.
 */
static int
create_policy(struct program *p)
{
	struct options *o = &p->options;

	if (p->points != NULL) {
		p->rights = rights_new(p->points, o->overlay, o->points_only);
		if (p->rights == NULL)
			return out_of_resources("points");
	}
	p->policy = rights_policy(p->rights);
	if (access_has_rules(&o->access)) {
		p->access = access_policy(&o->access);
		p->access.next = p->policy;
		p->policy = &p->access;
	}
	p->policy = security_policy(p->security, p->policy);
	if (o->units.limited) {
		p->units = units_policy(&o->units);
		p->units.next = p->policy;
		p->policy = &p->units;
	}
	return EX_OK;
}

/* Returns an exit status. */
static int
create_server(struct program *p)
{
	struct options *o = &p->options;
	struct server_config config;
	int status;

	server_config_init(&config);
	config.service.table = p->table;
	config.shutdown_word = o->shutdown_word;
	config.reserve = descriptor_reserve(p);
	config.max_connections = o->max_connections;
	config.max_per_client = o->max_per_client;
	config.deadlines.idle = o->idle_timeout * UINT64_C(1000);
	config.service.policy = p->policy;
	if (p->state != NULL)
		config.service.order = state_order(p->state);
	if (p->shared.member != NULL)
		config.service.order = member_order(p->shared.member);
	if (o->trace) {
		p->trace.exchanged = trace_exchange;
		p->trace.arg = p->points;
		config.service.tap = &p->trace;
	}
	config.shut_down = shut_down_by_word;
	config.stopped = stopped;
	config.arg = p;
	status = diagnostics_new(o, &config, &p->diagnostics);
	if (status != EX_OK)
		return status;
	p->server = server_new(p->base, &config);
	return p->server == NULL ? out_of_resources("server") : EX_OK;
}

/* Why not all is well, for who looks in. */
static const char *
health(void *arg)
{
	const struct program *p = arg;

	if (p->shared.member != NULL)
		return member_trouble(p->shared.member);
	if (p->state == NULL)
		return NULL;
	if (state_is_degraded(p->state))
		return "degraded: writes can't be kept, and are refused";
	if (state_journal(p->state).result == SCRUB_DAMAGED)
		return "degraded: the journal is damaged; see the log";
	return NULL;
}

/* HTTP, where it is asked for. Returns an exit status. */
static int
start_diagnostics(struct program *p)
{
	const struct api_config api = {
		.table = p->table,
		.overlay = p->options.overlay,
		.server = p->server,
		.policy = p->policy,
		.state = p->state,
		.backup = p->options.state_backup,
		.member = p->shared.member,
		.last_writer = p->last_writer,
		.points = p->points,
		.rights = p->rights,
		.simulation = p->simulation,
		.security = security_show(p->security),
		.rtu = p->listening.rtu,
		.health = health,
		.health_arg = p,
	};

	return diagnostics_start(
	    p->diagnostics, p->base, &api, security_https(p->security));
}

static bool
may_tick(void *arg, unsigned period)
{
	return member_simulates(arg, period, clock_ms());
}

/* Of a shared table one server simulates. Returns an exit status. */
static int
start_simulation(struct program *p)
{
	const struct simulation_world world = {
		.base = p->base,
		.service = server_service(p->server),
		.may_tick = p->shared.member != NULL ? may_tick : NULL,
		.arg = p->shared.member,
	};

	return simulation_start_run(&p->options, p->simulation, &world);
}

/* Let clients in. Returns an exit status. */
static int
program_serve(struct program *p)
{
	int status = start_diagnostics(p);

	if (status != EX_OK)
		return status;
	if (server_start(p->server) != 0) {
		bool taken = errno == EADDRINUSE;

		status = out_of_resources("listeners");
		return taken ? EX_TEMPFAIL : status;
	}
	status = start_simulation(p);
	if (status != EX_OK)
		return status;
	p->serving = true;
	log_announce("Server running...");
	notify_ready(p->notify);
	return EX_OK;
}

/* The disk has failed: nobody may be told of any write from now on. */
static void
state_lost(void *arg)
{
	struct program *p = arg;

	if (p->server != NULL)
		program_stop(p);
}

/* Restore the table, and keep it from now on. Returns an exit status. */
static int
start_state(struct program *p)
{
	const struct state_config config = {
		.base = p->base,
		.table = p->table,
		.sync = p->options.sync,
		.interval = p->options.sync_interval,
		.lost = state_lost,
		.arg = p,
	};

	return persistence_start(&p->options, &config, &p->state);
}

/* The program can do nothing but end. */
static void
program_fail(struct program *p, int status)
{
	p->status = status;
	if (!p->ending)
		program_stop(p);
}

static void
shared_failed(void *arg, int status)
{
	program_fail(arg, status);
}

/* The shared table is there. */
static void
shared_live(void *arg)
{
	struct program *p = arg;
	int status;

	shared_start_live(&p->shared, p->points, p->table);
	if (p->ending)
		return;
	status = program_serve(p);
	if (status != EX_OK)
		program_fail(p, status);
}

/* Returns an exit status. */
static int
new_shared(struct program *p)
{
	const struct shared_start_target target = {
		.base = p->base,
		.table = p->table,
		.points = p->points,
		.identities = security_identities(p->security),
		.live = shared_live,
		.failed = shared_failed,
		.arg = p,
	};

	return shared_start_new(&p->options, &target, &p->shared);
}

/* Make the table what it is to be when it is served, if it is this server's
 * alone. Returns an exit status. */
static int
start_table(struct program *p)
{
	struct first_values_target target = {
		.points = p->points,
		.table = p->table,
		.overlay = p->options.overlay,
		.base = p->base,
	};
	int status = start_state(p);

	if (status != EX_OK)
		return status;
	p->last_writer = last_writer_new(p->table, p->options.overlay);
	if (p->last_writer == NULL)
		return out_of_resources("last writers");
	if (p->options.shared.text != NULL)
		return new_shared(p);
	target.state = p->state;
	return p->points == NULL ? EX_OK : first_values_start(&target);
}

/* For the service manager. */
static struct notify_figures
figures(void *arg)
{
	const struct program *p = arg;
	const struct counters *n = server_counters(p->server);

	return (struct notify_figures){
		.connections = n->connections,
		.requests = n->requests,
	};
}

/* Returns an exit status. */
static int
bind_modbus(struct program *p)
{
	int status =
	    security_start(&p->options, p->security, p->base, p->server);

	if (status != EX_OK)
		return status;
	p->listening.tls = security_entrance(p->security);
	return listening_open(&p->listening, &p->options, p->server);
}

/* Take all addresses. Nobody can connect yet. Returns an exit status. */
static int
bind_addresses(struct program *p)
{
	int status = bind_modbus(p);
	char now[TIMESTAMP_TEXT_MAX];

	if (status == EX_OK)
		status = diagnostics_bind(p->diagnostics);
	if (status != EX_OK)
		return status;
	p->port = server_port(p->server);
	log_announce("Starting server on port %u. %s", p->port, time_text(now));
	return EX_OK;
}

/* Create everything, bottom up, and listen. Returns an exit status. */
static int
program_start(struct program *p)
{
	char error[ACTIVATION_ERROR_MAX];
	int status;

	p->signals = signals_new(requested, p);
	if (p->signals == NULL)
		return out_of_resources("signals");
	process_raise_descriptor_limit();
	log_announce("MBAsyncServer version %s", VERSION);
	p->listening.passed.count = activation_take(OPTIONS_LISTEN_MAX,
	    LISTENING_TLS_NAME, &p->listening.passed.tls, error);
	if (p->listening.passed.count < 0) {
		log_line(LOG_ERROR, "start: %s", error);
		return EX_CONFIG;
	}
	status = naming_read(&p->options, &p->points);
	if (status == EX_OK)
		status = simulation_start_new(
		    &p->options, p->points, &p->simulation);
	if (status == EX_OK)
		status = security_read(&p->options, &p->security);
	if (status != EX_OK)
		return status;
	p->table = datatable_new(p->options.overlay);
	if (p->table == NULL)
		return out_of_resources("data table");
	p->base = event_loop_new();
	if (p->base == NULL || signals_catch(p->signals, p->base, false) != 0)
		return out_of_resources("event loop");
	status = start_table(p);
	if (status != EX_OK)
		return status;
	/* Not before, as that may take its time, and can be broken off. */
	if (signals_catch(p->signals, p->base, true) != 0)
		return out_of_resources("event loop");
	status = create_policy(p);
	if (status == EX_OK)
		status = create_server(p);
	if (status != EX_OK)
		return status;
	p->notify = notify_new(p->base, figures, p);
	if (p->notify == NULL)
		return out_of_resources("notifications");
	status = bind_addresses(p);
	if (status != EX_OK || p->shared.member == NULL)
		return status == EX_OK ? program_serve(p) : status;
	shared_start_connect(&p->shared, p->port);
	return EX_OK;
}

/* Returns an exit status: the state's last word may be that it has failed. */
static int
program_free(struct program *p)
{
	bool shared;
	int status;

	p->ending = true;
	diagnostics_free(p->diagnostics);
	simulation_free(p->simulation);
	notify_free(p->notify);
	signals_release(
	    p->signals, true); /* who can't wait may stop us twice */
	security_close_door(p->security);
	server_free(p->server);
	p->server = NULL;
	listening_free(&p->listening);
	shared = p->shared.member != NULL;
	shared_start_free(&p->shared);
	/* Bufferevents close their sockets from the loop, and the disk may take
	 * its time; look-ups of names end there, too. */
	if (p->state != NULL || shared)
		event_base_loop(p->base, EVLOOP_NONBLOCK);
	status = state_close(p->state);
	signals_release(p->signals, false);
	signals_free(p->signals);
	if (p->base != NULL)
		event_base_free(p->base);
	datatable_free(p->table);
	last_writer_free(p->last_writer);
	rights_free(p->rights);
	security_free(p->security);
	points_free(p->points);
	libevent_global_shutdown();
	return status;
}

int
program_run(const struct options *options)
{
	struct program program = { .options = *options };
	struct program *p = &program;
	int state_status, status;

	event_loop_log_complaints();
	status = program_start(p);
	if (status == EX_OK && event_base_dispatch(p->base) < 0)
		status = out_of_resources("event loop");
	if (status == EX_OK)
		status = p->status;
	if (status == EX_OK)
		log_line(LOG_INFO, "stop: all connections are closed");
	diagnostics_print(p->diagnostics, p->points);
	state_status = program_free(p);
	return status == EX_OK ? state_status : status;
}
