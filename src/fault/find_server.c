#include "fault/find_server.h"

#include <event2/util.h>
#include <stdbool.h>
#include <string.h>

#include "base/exit_status.h"
#include "base/log.h"
#include "fault/options.h"
#include "system/inet.h"

/* The first address of the server. Returns an exit status. */
static int
resolve(const struct fault_options *o, struct address *to)
{
	const struct evutil_addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
		.ai_flags = EVUTIL_AI_ADDRCONFIG };
	struct evutil_addrinfo *found = NULL;
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	char text[ADDRESS_TEXT_MAX];
	int error;

	if (address_parse(o->to, o->to_port, to) == 0)
		return EX_OK;
	error = evutil_getaddrinfo(o->to, NULL, &hints, &found);
	if (error != 0) {
		log_line(LOG_ERROR, "start: --to: \"%s\": %s", o->to,
		    evutil_gai_strerror(error));
		return EX_UNAVAILABLE;
	}
	memcpy(&address, found->ai_addr, found->ai_addrlen);
	evutil_freeaddrinfo(found);
	*to = address_from_sockaddr(&address);
	to->port = o->to_port;
	log_line(LOG_INFO, "start: %s is %s", o->to, address_format(to, text));
	return EX_OK;
}

/* Whether the server is where clients come in: each would become another one,
 * until there are no descriptors left. */
static bool
is_itself(const struct fault_options *o, const struct address *to)
{
	return to->port == o->listen.port &&
	    (address_same_host(to, &o->listen) ||
		(o->both_families && address_is_loopback(to)));
}

int
fault_find_server(const struct fault_options *o, struct address *to)
{
	char text[ADDRESS_TEXT_MAX];
	int status = resolve(o, to);

	if (status != EX_OK || !is_itself(o, to))
		return status;
	log_line(LOG_ERROR,
	    "start: --to: %s: expected another port than that of mbfault",
	    address_format(to, text));
	return EX_USAGE;
}
