#include "rig.h"

#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare_transport.h"
#include "base/identity.h"
#include "base/log.h"
#include "inject.h"
#include "net/door.h"
#include "net/server.h"
#include "rig_client.h"
#include "rig_rtu.h"
#include "rig_tls.h"
#include "table/datatable.h"

#define DESCRIPTORS 256
#define QUIET_TURNS 4    /* turns in which nothing moves, until all rests */
#define STALLED_MS  1000 /* soon enough to see what hangs be closed */
#define PER_CLIENT  (2 * RIG_CLIENTS) /* all clients are one address */
#define IDLE_MS     100 /* that pass in each millisecond, once anything failed */

static char doing[200];
static bool through_door; /* else plain sockets */
static struct bare_source bare;
static struct identities identities;

/* What there was before a rig began. */
static struct {
	size_t own, event, descriptors;
} before;

bool
rig_choose(const char *way)
{
	if (strcmp(way, "tls") == 0)
		rig_tls_init(&identities);
	if (strcmp(way, "rtu") == 0)
		rig_rtu_init();
	else if (strcmp(way, "transport") == 0 || rig_tls_on())
		through_door = true;
	else if (strcmp(way, "plain") != 0)
		return false;
	return true;
}

bool
rig_tells_frames_apart(void)
{
	return !rig_rtu_on();
}

unsigned
rig_kinds(void)
{
	return INJECT_ALL & ~(1U << INJECT_IOCTL | 1U << INJECT_TLS_MEMORY);
}

void
rig_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(doing, sizeof(doing), format, args);
	va_end(args);
}

void
rig_fail(const char *expression, const char *file, int line)
{
	inject_arm(false);
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, expression);
	fprintf(stderr, "while: %s\n", doing);
	for (int kind = 0; kind < INJECT_KINDS; kind++)
		fprintf(stderr, "%18s: %llu calls, %llu failed\n",
		    inject_names[kind],
		    (unsigned long long)inject_count((enum inject_kind)kind)
			.calls,
		    (unsigned long long)inject_count((enum inject_kind)kind)
			.failed);
	abort();
}

static size_t
count_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Libevent has a word to say on most of what fails. */
static void
no_log(int severity, const char *message)
{
	(void)severity;
	(void)message;
}

void
rig_init(void)
{
	signal(SIGPIPE, SIG_IGN); /* as main does */
	inject_install();
	event_set_log_callback(no_log);
	log_set_level(LOG_ERROR);
}

/* --- the server --------------------------------------------------------- */

static void
stopped(void *arg)
{
	struct rig *r = arg;

	r->stops++;
}

static void
shut_down(void *arg, const struct client *who)
{
	struct rig *r = arg;

	(void)who;
	server_stop(r->server);
}

static bool
make_door(struct rig *r)
{
	struct door_limits limits;

	door_limits_init(&limits);
	bare_source_init(&bare, &identities);
	r->door = door_new(r->base, r->server,
	    rig_tls_on() ? rig_tls_source() : &bare.source, &limits);
	return r->door != NULL;
}

/* Returns whether the server listens to those who come in as was chosen. */
static bool
listen_for_clients(struct rig *r)
{
	const struct entrance *entrance = NULL;
	struct address where;

	if (address_parse("127.0.0.1", 0, &where) != 0)
		return false;
	if (through_door && !make_door(r))
		return false;
	if (through_door)
		entrance = door_entrance(r->door);
	else if (rig_rtu_on() && (entrance = rig_rtu_begin(r->server)) == NULL)
		return false;
	return server_listen(r->server, &where, false, entrance) == 0;
}

/* Everything of the server's own. Returns whether all of it was made. */
static bool
make_server(struct rig *r)
{
	struct server_config config;

	server_config_init(&config);
	r->table = datatable_new(DATATABLE_SEPARATE);
	if (r->table == NULL)
		return false;
	config.service.table = r->table;
	config.service.order = &r->order.order;
	config.shutdown_word = RIG_WORD;
	config.shut_down = shut_down;
	config.stopped = stopped;
	config.max_per_client = PER_CLIENT;
	config.deadlines.stalled = STALLED_MS;
	config.arg = r;
	r->server = server_new(r->base, &config);
	return r->server != NULL && listen_for_clients(r) &&
	    server_start(r->server) == 0;
}

bool
rig_begin(struct rig *r)
{
	bool made;

	before.own = inject_live_own();
	before.event = inject_live_event();
	before.descriptors = count_descriptors();
	memset(r, 0, sizeof(*r));
	held_order_init(&r->order);
	for (int i = 0; i < RIG_CLIENTS; i++)
		r->clients[i].fd = -1;
	rig_model_init();
	r->base = event_base_new();
	must(r->base != NULL);
	inject_arm(true);
	made = make_server(r);
	inject_arm(false);
	return made;
}

void
rig_end(struct rig *r)
{
	for (int i = 0; i < RIG_CLIENTS; i++)
		rig_disconnect(&r->clients[i], false);
	door_free(r->door);
	server_free(r->server);
	rig_rtu_end();
	held_order_end(&r->order);
	datatable_free(r->table);
	event_base_free(r->base);
	must(inject_live_own() == before.own);
	must(inject_live_event() == before.event);
	must(count_descriptors() == before.descriptors);
}

void
rig_settle_writes(struct rig *r, uint64_t up_to, enum order_outcome outcome)
{
	inject_arm(!r->calm);
	held_order_settle(&r->order, up_to, outcome);
	inject_arm(false);
}

void
rig_stop(struct rig *r)
{
	inject_arm(!r->calm);
	server_stop(r->server);
	inject_arm(false);
}

/* --- turning ------------------------------------------------------------ */

static uint64_t
server_progress(const struct rig *r)
{
	const struct counters *n = server_counters(r->server);
	uint64_t closed = 0;

	for (int cause = 0; cause < CONN_CAUSES; cause++)
		closed += n->closed[cause];
	return n->accepted + n->refused + n->accept_errors + n->requests +
	    n->paused + closed;
}

static bool
pump_clients(struct rig *r)
{
	bool moved = false;

	for (int i = 0; i < RIG_CLIENTS; i++)
		moved |= rig_client_pump(&r->clients[i]);
	return moved;
}

bool
rig_turn(struct rig *r)
{
	uint64_t progress = server_progress(r);
	uint64_t failed = inject_failed();
	bool moved;

	inject_arm(!r->calm);
	event_base_loop(r->base, EVLOOP_NONBLOCK);
	if (!r->holding)
		held_order_settle(&r->order, UINT64_MAX, ORDER_EXECUTE);
	inject_arm(false);
	moved = server_progress(r) != progress || inject_failed() != failed;
	return pump_clients(r) || moved;
}

void
rig_settle(struct rig *r)
{
	for (int quiet = 0; quiet < QUIET_TURNS; quiet++)
		if (rig_turn(r))
			quiet = 0;
}

void
rig_idle(struct rig *r)
{
	if (rig_turn(r))
		return;
	poll(NULL, 0, 1);
	rig_clock_pass(inject_failed() > 0 ? IDLE_MS : 1);
}

void
rig_check_serves(struct rig *r)
{
	struct rig_client *c = &r->clients[RIG_CLIENTS - 1];

	rig_disconnect(c, false);
	rig_connect(r, RIG_CLIENTS - 1, false);
	for (unsigned kind = 0; kind < 12; kind++)
		rig_ask_kind(c, kind, (uint16_t)kind);
	rig_await(r, rig_is_served(c));
	must(rig_is_answered(c) && !c->closed);
	rig_disconnect(c, false);
}
