/* The command line of "mbasyncserver health": what is asked, and how long. */
#ifndef HEALTH_REQUEST_H
#define HEALTH_REQUEST_H

#include <stdbool.h>

#include "base/address.h"
#include "base/command_line.h"

#define HEALTH_PORT_DEFAULT    502
#define HEALTH_TIMEOUT_DEFAULT 5   /* seconds */
#define HEALTH_TIMEOUT_MAX     600 /* seconds */

struct health_request {
	bool help; /* print that; the rest is undefined */
	bool modbus, http;
	struct address modbus_at, http_at; /* where they are true */
	unsigned timeout;                  /* seconds, for all */
};

/*
 * Parse argv[1..argc - 1]. Without an address Modbus is asked, on 127.0.0.1 and
 * port 502. Returns 0, or -1 with one line in error, which has room for
 * COMMAND_LINE_ERROR_MAX bytes.
 */
int health_request_parse(
    int argc, char **argv, struct health_request *request, char *error);

/* The text of --help. The caller frees it; NULL when there is no memory. */
char *health_request_help(void);

#endif
