#include "listening.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "net/server.h"
#include "options.h"
#include "system/activation.h"

/* A port that needs no permission, in place of this one: 8502 for 502. */
#define UNPRIVILEGED(port) (8000 + (port))

/* The executable of this process, for a command to copy. */
static const char *
own_path(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);

	if (length <= 0)
		return "/usr/sbin/mbasyncserver";
	path[length] = '\0';
	return path;
}

/* Log how to use a port below 1024, as commands to copy. */
static void
report_remedies(unsigned port)
{
	char path[512];

	log_line(LOG_ERROR,
	    "listen: a port below 1024 requires permission; "
	    "each of these grants it for port %u:",
	    port);
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
	    "listen: redirect: start with -p %u, and run: "
	    "mbasyncserver-redirect add --from %u --to %u",
	    UNPRIVILEGED(port), port, UNPRIVILEGED(port));
	log_line(LOG_ERROR,
	    "listen: capability of the service: run: "
	    "systemctl edit mbasyncserver, and add under [Service]: "
	    "AmbientCapabilities=CAP_NET_BIND_SERVICE, "
	    "CapabilityBoundingSet=CAP_NET_BIND_SERVICE and "
	    "PrivateUsers=no, one a line");
	log_line(LOG_ERROR,
	    "listen: capability of the program: run: "
	    "setcap cap_net_bind_service=+ep %s",
	    own_path(path, sizeof(path)));
}

int
listening_failed(const char *event, const struct address *where, int error)
{
	char text[ADDRESS_TEXT_MAX];

	log_line(LOG_ERROR, "%s: %s: %s", event, address_format(where, text),
	    strerror(error));
	if (error == EADDRINUSE)
		return EX_TEMPFAIL;
	return error == EACCES || error == EPERM ? EX_NOPERM : EX_OSERR;
}

/* Log the address that the server has begun to listen on, and return its
 * port. */
static uint16_t
report_last(const struct server *server)
{
	struct address where =
	    server_address(server, server_address_count(server) - 1);
	char text[ADDRESS_TEXT_MAX];

	log_line(LOG_INFO, "listen: %s", address_format(&where, text));
	return where.port;
}

/* Listen on one address. chosen is the port that the system has chosen for
 * addresses with port 0, or 0 if there is none yet. Returns an exit status. */
static int
open_one(struct server *server, struct address where, bool both_families,
    uint16_t *chosen)
{
	bool choose = where.port == 0;
	uint16_t port;

	if (choose)
		where.port = *chosen;
	if (server_listen(server, &where, both_families, NULL) != 0) {
		int status = listening_failed("listen", &where, errno);

		if (status == EX_NOPERM && where.port < IPPORT_RESERVED)
			report_remedies(where.port);
		return status;
	}
	port = report_last(server);
	if (choose)
		*chosen = port;
	return EX_OK;
}

/* Listen on the sockets of the service manager. Returns an exit status. */
static int
adopt_all(struct server *server, int passed)
{
	log_line(LOG_INFO,
	    "listen: sockets from the service manager: %d; "
	    "--port and --listen are ignored",
	    passed);
	for (int i = 0; i < passed; i++) {
		if (server_adopt(server, ACTIVATION_FIRST_FD + i, NULL) != 0) {
			log_line(LOG_ERROR, "listen: descriptor %d: %s",
			    ACTIVATION_FIRST_FD + i, strerror(errno));
			return EX_OSERR;
		}
		report_last(server);
	}
	return EX_OK;
}

size_t
listening_descriptors(const struct options *o, int passed)
{
	if (passed > 0)
		return (size_t)passed;
	return o->listen_count == 0 ? 1 : o->listen_count;
}

int
listening_open(struct server *server, const struct options *o, int passed)
{
	uint16_t chosen = 0;
	int status = EX_OK;

	if (passed > 0)
		return adopt_all(server, passed);
	if (o->listen_count == 0)
		return open_one(server, address_any(o->port), true, &chosen);
	for (size_t i = 0; i < o->listen_count && status == EX_OK; i++)
		status = open_one(server, o->listen[i], false, &chosen);
	return status;
}
