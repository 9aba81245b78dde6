/*
 * What a tester wants to know about the client under test: what it polls and
 * how evenly, whether it pipelines, what it does wrong and whether it notices.
 *
 * A tap sees every request with its response. A client is a host: its address,
 * whatever the port, so that one that connects anew for every request stays
 * the same. What can't be seen from here are connections without a request, and
 * bytes that were no frame.
 *
 * Memory is bounded: REPORT_HOSTS_MAX hosts, REPORT_CONNECTIONS_MAX connections
 * and what each has room for, some 400 KiB; the least recently active are
 * evicted (so that of more connections than that, busy at once, some are
 * counted again). So is the work per request: a look at the
 * clock, one in a hash table, and a comparison with each of REPORT_POLLS_MAX
 * polls.
 */
#ifndef REPORT_CLIENT_REPORT_H
#define REPORT_CLIENT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "modbus/explain.h"
#include "service/exchange.h"

struct client_report;

#define REPORT_HOSTS_MAX       64
#define REPORT_CONNECTIONS_MAX 512
#define REPORT_POLLS_MAX       32
#define REPORT_ILLEGALS_MAX    8

/* So many single reads of adjacent addresses, one behind the other, look like
 * a client that reads one at a time what it could read at once. */
#define REPORT_SINGLES_MIN 4

/* Room for what was wrong with a request, as a sentence. */
#define REPORT_WRONG_MAX MB_EXPLAIN_TEXT_MAX

/* Each function code of the server's is counted in a place of its own, up to so
 * many; all others together in the place behind them. */
#define REPORT_FUNCTIONS_MAX 16

/* Exception codes 1 to 4. */
#define REPORT_EXCEPTIONS 5

/* Requests in the present second and in the one before. */
struct report_rate {
	uint32_t second;
	uint32_t present;
	uint32_t before;
};

/* A read that is repeated: its period, in microseconds, as mean, standard
 * deviation (the jitter), least and most. */
struct report_poll {
	uint8_t unit;
	uint8_t function;
	uint16_t address;
	uint16_t quantity;
	bool overlaps; /* another poll of the same kind */
	uint64_t count;
	uint64_t last; /* microseconds, monotonic */
	double period; /* 0 as long as count is 1 */
	double squares;
	double least;
	double most;
};

/* Requests that were refused for what they are, all with one function code and
 * exception. */
struct report_illegal {
	uint8_t function;
	uint8_t exception;
	uint64_t count;
	char wrong[REPORT_WRONG_MAX]; /* with the last of them */
};

struct report_host {
	struct address host;  /* its port is 0 */
	uint64_t first;       /* microseconds, monotonic */
	uint64_t last;        /* likewise */
	uint64_t connections; /* that sent a request */
	uint64_t requests;
	uint64_t exceptions;
	struct report_rate rate;

	uint64_t runs;      /* requests that were there at once make a run */
	uint64_t depth_max; /* the longest run: how deeply it pipelines */

	struct report_poll polls[REPORT_POLLS_MAX];
	size_t poll_count;
	uint64_t polls_forgotten; /* there was no room */

	uint64_t singles;     /* reads of one item, next to the one before */
	uint64_t singles_max; /* the longest sequence, its first included */
	uint64_t single_runs; /* sequences of REPORT_SINGLES_MIN and more */

	struct report_illegal illegals[REPORT_ILLEGALS_MAX];
	size_t illegal_count;
	uint64_t illegal; /* all of them */
	uint64_t refused; /* legal, but the policy said no */
	uint64_t ignored; /* requests repeated after an exception, unchanged */
	uint64_t unavailable; /* exception 04: writes were not possible */
};

struct report_connection {
	uint64_t id; /* struct client's */
	struct address peer;
	struct report_host *host; /* NULL: it was forgotten */
	uint64_t first;
	uint64_t last;
	uint64_t requests;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t functions[REPORT_FUNCTIONS_MAX + 1]; /* by place */
	uint64_t exceptions[REPORT_EXCEPTIONS];       /* [0] is not used */
	struct report_rate rate;

	/* Of the request before. */
	uint8_t single_function; /* 0: it was no single read */
	uint16_t single_address;
	uint64_t single_run;
	uint64_t refused_hash; /* 0: it was not refused */
};

/* NULL when there is no memory. */
struct client_report *client_report_new(void);

/* NULL is fine. */
void client_report_free(struct client_report *r);

/* The tap that feeds it; its next is the caller's to set. */
struct tap client_report_tap(struct client_report *r);

/* The function code that is counted in a place, or 0: all others are. */
uint8_t report_function(size_t place);

/*
 * To walk over what is known, in no order: slots from 0 to the maximum, NULL
 * where there is nothing. Borrowed until the next request. Overlaps of polls
 * are found now.
 */
const struct report_host *
client_report_host(struct client_report *r, size_t slot);
const struct report_connection *
client_report_connection(const struct client_report *r, size_t slot);

/* The slot of the connection with an id, or -1. */
int client_report_slot(const struct client_report *r, uint64_t id);

/* Requests in the last whole second before now. */
uint32_t report_rate_now(const struct report_rate *rate, uint64_t now);

/* The host of a connection, or NULL: it was forgotten. Overlaps are found. */
const struct report_host *
client_report_of(struct client_report *r, const struct report_connection *c);

/* Connections a minute, besides the first. */
double report_reconnects_a_minute(const struct report_host *h);

/* What a tester should look into, a sentence each, in plain ASCII without a
 * quotation mark. */
void report_hints(const struct report_host *h,
    void (*put)(void *arg, const char *hint), void *arg);

/* The standard deviation of a poll's period. */
double report_poll_jitter(const struct report_poll *poll);

/* Give the whole report, line by line without their ends, to put. */
void client_report_print(struct client_report *r,
    void (*put)(void *arg, const char *line), void *arg);

#endif
