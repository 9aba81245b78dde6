#include "ports.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"
#include "net/server.h"
#include "options.h"

/* The exit status for an address that can't be listened on, and why. */
static int
report_failure(const struct address *where, int error)
{
	char text[ADDRESS_TEXT_MAX];

	address_format(where, text);
	log_line(LOG_ERROR, "listen: %s: %s", text, strerror(error));
	if (error == EADDRINUSE)
		return EX_TEMPFAIL;
	if (error != EACCES && error != EPERM)
		return EX_OSERR;
	log_line(LOG_ERROR,
	    "listen: %s: a port below 1024 needs permission: listen on a "
	    "higher one (-p 8502) and redirect 502 to it, or let a systemd "
	    "socket unit open it, or grant CAP_NET_BIND_SERVICE; "
	    "mbasyncserver(8), PORT 502, has the commands",
	    text);
	return EX_NOPERM;
}

/* Say where the server listens since the last call that succeeded. */
static void
report_last(const struct server *server)
{
	struct address where =
	    server_address(server, server_address_count(server) - 1);
	char text[ADDRESS_TEXT_MAX];

	log_line(LOG_INFO, "listen: %s", address_format(&where, text));
}

/* Listen on one address. The first decides the port of all that let the
 * system choose. Returns an exit status. */
static int
open_one(struct server *server, struct address where, bool both_families)
{
	if (where.port == 0 && server_address_count(server) > 0)
		where.port = server_address(server, 0).port;
	if (server_listen(server, &where, both_families) != 0)
		return report_failure(&where, errno);
	report_last(server);
	return EX_OK;
}

int
ports_open(struct server *server, const struct options *o)
{
	int status = EX_OK;

	if (o->listen_count == 0)
		return open_one(server, address_any(o->port), true);
	for (size_t i = 0; i < o->listen_count && status == EX_OK; i++)
		status = open_one(server, o->listen[i], false);
	return status;
}
