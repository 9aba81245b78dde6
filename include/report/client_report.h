/*
 * The client report, for testing a client: what it polls and how regularly,
 * whether it pipelines, its errors, and whether it repeats them.
 *
 * A tap gets every request with its response. A client is a certificate, or a
 * host: an address without its port (base/who.h), so that a client that opens a
 * connection for each request is one client. Connections without a request, and
 * bytes that are not a frame, are not reported.
 *
 * Memory is bounded: REPORT_HOSTS_MAX hosts and REPORT_CONNECTIONS_MAX
 * connections with their members, about 400 KiB. The least recently active are
 * evicted, so a connection may be counted again when more are active at one
 * time. The work per request is bounded too: the clock, a hash table, and a
 * comparison with each of REPORT_POLLS_MAX polls.
 */
#ifndef REPORT_CLIENT_REPORT_H
#define REPORT_CLIENT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "modbus/explain.h"
#include "modbus/modbus.h"
#include "report/refusal.h"
#include "service/exchange.h"

struct client_report;
struct point;
struct points;

#define REPORT_HOSTS_MAX       64
#define REPORT_CONNECTIONS_MAX 512
#define REPORT_POLLS_MAX       32
#define REPORT_ILLEGALS_MAX    8

/* From so many consecutive reads of one item at adjacent addresses on, a hint
 * says that the client could read them with one request. */
#define REPORT_SINGLES_MIN 4

/* Room for a sentence about an illegal request. */
#define REPORT_WRONG_MAX MB_EXPLAIN_TEXT_MAX

/* Each supported function code is counted in a place of its own, of at most so
 * many; all others are counted together in the place after them. */
#define REPORT_FUNCTIONS_MAX 16

/* Exception codes up to the last that there is. */
#define REPORT_EXCEPTIONS (MB_EX_GATEWAY_TARGET_FAILED + 1)

/* Requests in the present second and in the one before. */
struct report_rate {
	uint32_t second;
	uint32_t present;
	uint32_t before;
};

/* A read that is repeated, and its period in microseconds: mean, standard
 * deviation (the jitter), minimum and maximum. */
struct report_poll {
	uint8_t unit;
	uint8_t function;
	uint16_t address;
	uint16_t quantity;
	bool overlaps; /* another poll of the same kind */
	uint64_t count;
	uint64_t last; /* microseconds, monotonic */
	double period; /* mean; 0 while count is 1 */
	double squares;
	double least;
	double most;
};

/* Illegal requests with the same function code and exception code. */
struct report_illegal {
	uint8_t function;
	uint8_t exception;
	uint64_t count;
	char wrong[REPORT_WRONG_MAX]; /* about one of the last of them */
};

struct report_host {
	struct address host;             /* its last one; its port is 0 */
	const struct identity *identity; /* or NULL; held */
	uint64_t first;                  /* microseconds, monotonic */
	uint64_t last;                   /* likewise */
	uint64_t connections;            /* with at least one request */
	uint64_t requests;
	uint64_t exceptions;
	struct report_rate rate;

	uint64_t runs;      /* of requests that were buffered at one time */
	uint64_t depth_max; /* the longest run: the pipelining depth */

	struct report_poll polls[REPORT_POLLS_MAX];
	size_t poll_count;
	uint64_t polls_forgotten; /* replaced by other polls */

	uint64_t singles; /* reads of one item, adjacent to the one before */
	uint64_t singles_max; /* the longest sequence, including its first */
	uint64_t single_runs; /* sequences of at least REPORT_SINGLES_MIN */

	struct report_illegal illegals[REPORT_ILLEGALS_MAX];
	size_t illegal_count;
	uint64_t illegal; /* total */
	uint64_t refused; /* by roles, access rules, or because of points */
	bool by_roles;    /* some of these, perhaps */
	struct report_refusals refusals; /* of these, with exception 02 */
	uint64_t ignored; /* requests repeated after an exception, unchanged */
	uint64_t unavailable; /* exception 04: writes were refused */
	uint64_t elsewhere;   /* exception 0B: to units that are not served */
};

struct report_connection {
	uint64_t id; /* struct client's */
	struct address peer;
	struct report_host *host; /* NULL: it was evicted */
	uint64_t first;
	uint64_t last;
	uint64_t requests;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t functions[REPORT_FUNCTIONS_MAX + 1]; /* by place */
	uint64_t exceptions[REPORT_EXCEPTIONS];       /* [0] is unused */
	struct report_rate rate;

	/* About the previous request. */
	uint8_t single_function; /* 0: it was not a read of one item */
	uint16_t single_address;
	uint64_t single_run;
	uint64_t refused_hash; /* 0: it was answered normally */
};

/* NULL when memory is exhausted. */
struct client_report *client_report_new(void);

/* Accepts NULL. */
void client_report_free(struct client_report *r);

/* The tap that updates it. The caller sets its next. */
struct tap client_report_tap(struct client_report *r);

/* The function code that is counted in a place; 0: all others. */
uint8_t report_function(size_t place);

/*
 * The hosts, and the connections, in no order: slots from 0 on, NULL after the
 * last. Borrowed until the next request. client_report_host updates the
 * overlaps of polls.
 */
const struct report_host *
client_report_host(struct client_report *r, size_t slot);
const struct report_connection *
client_report_connection(const struct client_report *r, size_t slot);

/* The slot of the connection with an id, or -1. */
int client_report_slot(const struct client_report *r, uint64_t id);

/* Requests in the last whole second before now. */
uint32_t report_rate_now(const struct report_rate *rate, uint64_t now);

/* The host of a connection, or NULL: it was evicted. Updates the overlaps. */
const struct report_host *
client_report_of(struct client_report *r, const struct report_connection *c);

/* Connections per minute, without the first. */
double report_reconnects_a_minute(const struct report_host *h);

/* The requests of the client that a hint is about, as /api/requests filters
 * them. */
struct report_which {
	const char *functions;     /* codes: "1,2"; NULL: all */
	const char *exceptions;    /* codes, "any" or "none"; NULL: all */
	const struct point *point; /* that they touch, if not NULL */
	enum datatable_kind kind;  /* of the range: */
	struct mb_range range;     /* that they touch, if not empty */
};

/* Receives a hint: a sentence in ASCII, but for the names of points. */
typedef void (*report_put_hint_fn)(
    void *arg, const char *hint, const struct report_which *which);

/* Pass each hint about the client to put. ps may be NULL, as below. */
void report_hints(const struct report_host *h, const struct points *ps,
    report_put_hint_fn put, void *arg);

/* The standard deviation of a poll's period. */
double report_poll_jitter(const struct report_poll *poll);

/* Pass each line of the report, without a newline, to put. */
void client_report_print(struct client_report *r, const struct points *ps,
    void (*put)(void *arg, const char *line), void *arg);

#endif
