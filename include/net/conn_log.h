/*
 * The log lines of connections: one when a connection begins, one when it ends,
 * one when a client sends Modbus RTU frames instead of Modbus/TCP, and one when
 * it asks for a unit identifier that is not served. Each
 * kind of line is rate-limited, since clients cause it.
 */
#ifndef NET_CONN_LOG_H
#define NET_CONN_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/client.h"
#include "base/log.h"
#include "net/rtu_detect.h"
#include "service/cause.h"

/* Only conn_log.c uses the members. */
struct conn_log {
	struct log_limit connect_limit;
	struct log_limit disconnect_limit;
	struct log_limit misuse_limit; /* disconnects for misuse: see cause.h */
	struct log_limit rtu_limit;
	struct log_limit unit_limit;
	struct rtu_detect rtu_detect;
};

void conn_log_init(struct conn_log *l);

void conn_log_connect(struct conn_log *l, const struct client *who);

/* detail is what else is known of the cause, or NULL; age is in
 * milliseconds. */
void conn_log_disconnect(struct conn_log *l, const struct client *who,
    enum conn_cause cause, const char *detail, uint64_t age, uint64_t requests);

/* Look for RTU frames in bytes that are not a valid request, and log a client
 * that certainly sends them (net/rtu_detect.h). now is in milliseconds. */
void conn_log_rtu(struct conn_log *l, const struct client *who, uint64_t now,
    const uint8_t *bytes, size_t length);

/* Log the first such unit identifier of a connection. */
void conn_log_unit(struct conn_log *l, const struct client *who, uint8_t unit);

/* See log_limit_flush. */
void conn_log_flush(struct conn_log *l, int finally);

#endif
