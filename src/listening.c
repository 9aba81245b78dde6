#include "listening.h"

#include <errno.h>
#include <event2/util.h>
#include <stdio.h>

#include "base/client.h"
#include "base/exit_status.h"
#include "base/log.h"
#include "base/printable.h"
#include "net/bind_failure.h"
#include "net/server.h"
#include "options.h"
#include "rtu/transport.h"
#include "system/activation.h"
#include "system/error.h"
#include "system/process.h"
#include "system/socket.h"

/* A port that needs no permission, in place of this one: 8502 for 502. */
#define UNPRIVILEGED(port) (8000 + (port))

/* Log which ports of TCP lead to another one. */
static void
report_redirections(unsigned port, const char *option)
{
	if (port != OPTIONS_DEFAULT_PORT)
		log_line(LOG_ERROR,
		    "listen: socket: run: systemctl edit "
		    "mbasyncserver.socket, and add under [Socket]: "
		    "ListenStream=%u",
		    port);
	log_line(LOG_ERROR,
	    "listen: socket: run: "
	    "systemctl enable --now mbasyncserver.socket");
	log_line(LOG_ERROR,
	    "listen: redirect: start with %s%u, and run: "
	    "mbasyncserver-redirect add --from %u --to %u",
	    option, UNPRIVILEGED(port), port, UNPRIVILEGED(port));
}

/* Log how to use a port below 1024, as commands to copy; a port behind option
 * is how to use another one. */
static void
report_remedies(unsigned port, const char *option, bool datagrams)
{
	char text[512];
	const char *path = process_path(text, sizeof(text));

	log_line(LOG_ERROR,
	    "listen: a port below 1024 requires permission; "
	    "each of these grants it for port %u:",
	    port);
	if (!datagrams)
		report_redirections(port, option);
	log_line(LOG_ERROR,
	    "listen: capability of the service: run: "
	    "systemctl edit mbasyncserver, and add under [Service]: "
	    "AmbientCapabilities=CAP_NET_BIND_SERVICE, "
	    "CapabilityBoundingSet=CAP_NET_BIND_SERVICE and "
	    "PrivateUsers=no, one a line");
	log_line(LOG_ERROR,
	    "listen: capability of the program: run: "
	    "setcap cap_net_bind_service=+ep %s",
	    path != NULL ? path : "/usr/sbin/mbasyncserver");
	log_line(LOG_ERROR,
	    "listen: container: start with %s%u, and publish that port as "
	    "%u; or run it with sysctl net.ipv4.ip_unprivileged_port_start=0",
	    option, UNPRIVILEGED(port), port);
}

/* What listeners of one kind share. */
struct kind {
	struct server *server;
	const struct entrance *entrance; /* NULL: connections at once */
	const char *option;              /* which the port follows */
	const char *name;                /* behind addresses in the log */
	bool datagrams;                  /* UDP, else TCP */
	uint16_t chosen; /* the port that the system has chosen for addresses
			    with port 0, or 0: there is none yet */
};

/* By how their clients come. */
struct kinds {
	struct kind by_way[CLIENT_OTHER];
};

static struct kinds
make_kinds(const struct listening *l, struct server *server)
{
	const struct entrance *rtu = &l->rtu_clients.entrance;

	return (struct kinds){ {
	    [CLIENT_PLAIN] = { server, NULL, "-p ", "", false, 0 },
	    [CLIENT_RTU] = { server, rtu, "--listen rtu:", ": RTU", false, 0 },
	    [CLIENT_UDP] = { server, NULL, "--listen udp:", ": UDP", true, 0 },
	    [CLIENT_TLS] = { server, l->tls, "--tls ", ": TLS", false, 0 },
	} };
}

/* Log the address that the server has begun to listen on, and return its
 * port. */
static uint16_t
report_last(const struct kind *kind)
{
	struct address where = server_address(
	    kind->server, server_address_count(kind->server) - 1);
	char text[ADDRESS_TEXT_MAX];

	log_line(
	    LOG_INFO, "listen: %s%s", address_format(&where, text), kind->name);
	return where.port;
}

static int
bind_one(
    const struct kind *kind, const struct address *where, bool both_families)
{
	return kind->datagrams ?
	    server_listen_udp(kind->server, where, both_families) :
	    server_listen(kind->server, where, both_families, kind->entrance);
}

/* Listen on one address. Returns an exit status. */
static int
open_one(struct kind *kind, struct address where, bool both_families)
{
	bool choose = where.port == 0;
	uint16_t port;

	if (choose)
		where.port = kind->chosen;
	if (bind_one(kind, &where, both_families) != 0) {
		int status = bind_failure("listen", &where, errno);

		if (status == EX_NOPERM &&
		    process_port_is_privileged(where.port))
			report_remedies(
			    where.port, kind->option, kind->datagrams);
		return status;
	}
	port = report_last(kind);
	if (choose)
		kind->chosen = port;
	return EX_OK;
}

/* Listen at a path. Returns an exit status. */
static int
open_path(struct server *server, const char *path)
{
	char shown[sizeof("unix:") + SOCKET_PATH_MAX];

	snprintf(shown, sizeof(shown), "unix:%s", path);
	printable_line(shown);
	if (server_listen_path(server, path) != 0)
		return bind_failure_at("listen", shown, errno);
	log_line(LOG_INFO, "listen: %s", shown);
	return EX_OK;
}

/* Without a certificate, anybody can write over plain TCP. */
static void
warn_of_plain(void)
{
	log_line(LOG_WARN,
	    "listen: plain TCP is served beside TLS: its clients need no "
	    "certificate");
}

/* Listen on a socket of the service manager. Returns an exit status. */
static int
adopt_one(const struct kind *kind, evutil_socket_t fd)
{
	if (server_adopt(kind->server, fd, kind->entrance) != 0) {
		log_line(LOG_ERROR, "listen: descriptor %d: %s", fd,
		    error_text(errno));
		return EX_OSERR;
	}
	report_last(kind);
	return EX_OK;
}

/* Listen on all of them. Returns an exit status. */
static int
adopt_all(struct kinds *kinds, const struct listening_passed *passed)
{
	const struct kind *plain = &kinds->by_way[CLIENT_PLAIN];
	const struct kind *tls = &kinds->by_way[CLIENT_TLS];
	int status = EX_OK;

	if (passed->tls != 0 && tls->entrance == NULL) {
		log_line(LOG_ERROR,
		    "listen: a socket is named " LISTENING_TLS_NAME
		    ": expected --tls, too");
		return EX_CONFIG;
	}
	log_line(LOG_INFO,
	    "listen: sockets from the service manager: %d; "
	    "--port%s and --listen are ignored",
	    passed->count, tls->entrance == NULL ? "" : ", --tls");
	for (int i = 0; i < passed->count && status == EX_OK; i++)
		status = adopt_one(passed->tls & UINT32_C(1) << i ? tls : plain,
		    ACTIVATION_FIRST_FD + i);
	if (status == EX_OK && tls->entrance != NULL && passed->tls == 0)
		log_line(LOG_WARN,
		    "listen: no socket is named " LISTENING_TLS_NAME
		    ": TLS is not served");
	else if (status == EX_OK && passed->tls != 0 &&
	    passed->tls != (UINT64_C(1) << passed->count) - 1)
		warn_of_plain();
	return status;
}

size_t
listening_descriptors(const struct listening *l, const struct options *o)
{
	if (l->passed.count > 0)
		return (size_t)l->passed.count;
	return o->plain + o->listen_count + o->tls_count;
}

/* Listen where an option says. Returns an exit status. */
static int
open_listed(struct kinds *kinds, const struct options_listen *l)
{
	switch (l->way) {
	case CLIENT_UDP:
		return EX_OK; /* see open_datagrams */
	case CLIENT_UNIX:
		return open_path(kinds->by_way[CLIENT_PLAIN].server, l->path);
	default:
		return open_one(
		    &kinds->by_way[l->way], l->where, l->both_families);
	}
}

/* Those of UDP, which server_address has behind all others. Returns an exit
 * status. */
static int
open_datagrams(struct kinds *kinds, const struct options *o)
{
	struct kind *udp = &kinds->by_way[CLIENT_UDP];
	int status = EX_OK;

	for (size_t i = 0; i < o->listen_count && status == EX_OK; i++)
		if (o->listen[i].way == CLIENT_UDP)
			status = open_one(udp, o->listen[i].where,
			    o->listen[i].both_families);
	return status;
}

/* Whether anybody can come over the network without a certificate. */
static bool
has_uncertified(const struct options *o)
{
	for (size_t i = 0; i < o->listen_count; i++)
		if (o->listen[i].way != CLIENT_UNIX)
			return true;
	return o->plain;
}

static bool
has_way(const struct options *o, enum client_way way)
{
	for (size_t i = 0; i < o->listen_count; i++)
		if (o->listen[i].way == way)
			return true;
	return false;
}

/* What clients of RTU need, if there can be any. Returns an exit status. */
static int
prepare_rtu(struct listening *l, const struct options *o, struct server *server)
{
	if (!has_way(o, CLIENT_RTU))
		return EX_OK;
	l->rtu = rtu_source_new();
	if (l->rtu == NULL) {
		log_line(LOG_ERROR, "listen: RTU: %s", error_text(errno));
		return EX_OSERR;
	}
	admission_init(&l->rtu_clients, server, CLIENT_RTU, rtu_begin, l->rtu);
	return EX_OK;
}

/* Listen on the addresses of the options. Returns an exit status. */
static int
open_all(struct kinds *kinds, const struct options *o)
{
	int status = EX_OK;

	if (o->plain)
		status = open_one(
		    &kinds->by_way[CLIENT_PLAIN], address_any(o->port), true);
	for (size_t i = 0; i < o->listen_count && status == EX_OK; i++)
		status = open_listed(kinds, &o->listen[i]);
	for (size_t i = 0; i < o->tls_count && status == EX_OK; i++)
		status = open_listed(kinds, &o->tls[i]);
	if (status == EX_OK)
		status = open_datagrams(kinds, o);
	if (status == EX_OK && o->tls_count != 0 && has_uncertified(o))
		warn_of_plain();
	return status;
}

int
listening_open(
    struct listening *l, const struct options *o, struct server *server)
{
	struct kinds kinds = make_kinds(l, server);
	int status;

	if (l->passed.count > 0)
		return adopt_all(&kinds, &l->passed);
	status = prepare_rtu(l, o, server);
	return status == EX_OK ? open_all(&kinds, o) : status;
}

void
listening_free(struct listening *l)
{
	rtu_source_free(l->rtu);
	l->rtu = NULL;
}
