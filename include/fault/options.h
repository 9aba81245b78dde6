/* The command line of mbfault. */
#ifndef FAULT_OPTIONS_H
#define FAULT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/command_line.h"
#include "base/log.h"
#include "fault/rules.h"

#define FAULT_PORT_DEFAULT    8502
#define FAULT_TO_PORT_DEFAULT 502
#define FAULT_SEED_DEFAULT    1

/* Bytes of the name of a host, with the NUL (RFC 1035). */
#define FAULT_HOST_MAX 254

/* How often --http-host may be given. */
#define FAULT_HTTP_HOSTS_MAX 16

/* Room for any error text. */
#define FAULT_OPTIONS_ERROR_MAX (COMMAND_LINE_ERROR_MAX + FAULT_RULES_ERROR_MAX)

enum fault_action {
	FAULT_RUN,
	FAULT_HELP,
	FAULT_VERSION,
};

/* Pointers are to the texts of argv. */
struct fault_options {
	enum fault_action action; /* unless it is FAULT_RUN, the rest is
				     undefined */
	struct address listen;
	bool both_families;      /* listen is every address */
	char to[FAULT_HOST_MAX]; /* the server: an address or a name */
	uint16_t to_port;
	uint64_t seed;
	const char *rules[FAULT_RULES_MAX]; /* each is one */
	size_t rule_count;
	const char *file; /* of rules, or NULL: there are only those above */
	bool http;
	struct address http_listen; /* where that is true */
	const char *http_token;     /* the name of a file, or NULL */
	const char *http_hosts[FAULT_HTTP_HOSTS_MAX];
	size_t http_host_count;
	uint64_t max_connections; /* 0: as many as descriptors allow */
	enum log_level log_level;
};

/*
 * Parse argv[1..argc - 1]. Each rule of options was parsed as well.
 *
 * Returns 0, or -1 with one line in error, which has room for
 * FAULT_OPTIONS_ERROR_MAX bytes.
 */
int fault_options_parse(
    int argc, char **argv, struct fault_options *options, char *error);

/* The text of --help. The caller frees it; NULL when there is no memory. */
char *fault_options_help(void);

#endif
