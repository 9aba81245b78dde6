#include "net/conn_log.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/client_text.h"

void
conn_log_init(struct conn_log *l)
{
	*l = (struct conn_log){
		.connect_limit.kind = "connects",
		.disconnect_limit.kind = "disconnects",
		.misuse_limit.kind = "disconnects for misuse",
		.rtu_limit.kind = "senders of RTU frames",
		.unit_limit.kind = "askers of other units",
	};
}

void
conn_log_connect(struct conn_log *l, const struct client *who)
{
	const char *role = who->identity == NULL ? "" : who->identity->role;
	char peer[CLIENT_TEXT_MAX];
	char held[IDENTITY_ROLE_SIZE + 16] = "";

	if (*role != '\0')
		snprintf(held, sizeof(held), ", role \"%s\"", role);
	else if (who->identity != NULL)
		snprintf(held, sizeof(held), ", role none");
	else if (who->way == CLIENT_RTU)
		snprintf(held, sizeof(held), ": RTU");
	log_limited(&l->connect_limit, LOG_INFO, "connect: %s%s",
	    client_format(who, peer), held);
}

void
conn_log_disconnect(struct conn_log *l, const struct client *who,
    enum conn_cause cause, const char *detail, uint64_t age, uint64_t requests)
{
	char peer[CLIENT_TEXT_MAX];
	bool misuse = causes[cause].misuse;

	log_limited(misuse ? &l->misuse_limit : &l->disconnect_limit,
	    misuse ? LOG_WARN : LOG_INFO,
	    "disconnect: %s: %s%s%s, %" PRIu64 ".%03u s, %" PRIu64 " requests",
	    client_format(who, peer), causes[cause].text,
	    detail != NULL ? ": " : "", detail != NULL ? detail : "",
	    age / 1000, (unsigned)(age % 1000), requests);
}

void
conn_log_rtu(struct conn_log *l, const struct client *who, uint64_t now,
    const uint8_t *bytes, size_t length)
{
	char peer[ADDRESS_TEXT_MAX];

	if (rtu_detect(&l->rtu_detect, &who->address, now, bytes, length))
		log_limited(&l->rtu_limit, LOG_WARN,
		    "rtu: %s: sends Modbus RTU frames over TCP; this port "
		    "speaks Modbus/TCP (MBAP header, no CRC): "
		    "--listen rtu:PORT serves them",
		    address_format(&who->address, peer));
}

void
conn_log_unit(struct conn_log *l, const struct client *who, uint8_t unit)
{
	char peer[CLIENT_TEXT_MAX];

	log_limited(&l->unit_limit, LOG_INFO,
	    "unit: %s: asks for unit %u, which is not served",
	    client_format(who, peer), unit);
}

void
conn_log_flush(struct conn_log *l, int finally)
{
	log_limit_flush(&l->connect_limit, finally);
	log_limit_flush(&l->disconnect_limit, finally);
	log_limit_flush(&l->misuse_limit, finally);
	log_limit_flush(&l->rtu_limit, finally);
	log_limit_flush(&l->unit_limit, finally);
}
