/*
 * One run against one server: what the server can do, the connections to it,
 * and the ways to ask it something and judge the answer.
 */
#ifndef RUN_H
#define RUN_H

#include <stdint.h>

#include "client.h"
#include "score.h"

/* The four tables of the data model, clause 4.3. */
enum table {
	COILS,
	DISCRETE_INPUTS,
	HOLDING_REGISTERS,
	INPUT_REGISTERS,
	TABLES,
};

struct run {
	struct endpoint server;
	struct score score;
	uint8_t unit;
	uint64_t seed;
	unsigned random_requests;

	/* What the server has, probed or told. */
	bool supports[256];
	uint32_t items[TABLES]; /* addresses 0 up to it; 0: can't be read */
	struct bytes ping;      /* a request that has some answer */

	struct client *client; /* owned; NULL when there is no connection */
	struct client *other;  /* owned; nudges use it */
	bool nudging;          /* other has a request pending */
	uint16_t transaction;  /* the last one used */
	uint32_t salt;         /* of the values written last */
};

typedef struct verdict (*check_fn)(struct run *r, const void *arg);

/*
 * Run a check and count it. function is the function code that it is about,
 * or 0: if the server doesn't support it, the check isn't applicable. clause
 * names the document and the clause that demands what is checked; without
 * "Guide" or "RFC" it is the Modbus Application Protocol Specification V1.1b3.
 */
void run_check(struct run *r, const char *name, const char *clause,
    uint8_t function, check_fn check, const void *arg);

/* A group's checks as a table. */
struct check {
	const char *name;
	const char *clause;
	check_fn check;
	const void *arg;
};

void run_checks(struct run *r, const struct check *checks, size_t count);

/* Connections: the one that most checks use, made when there is none. */
struct client *run_client(struct run *r);
void run_drop(struct run *r);
void run_close(struct run *r);

/* One round trip. The reply's identifiers are right, else its kind is
 * REPLY_BAD_HEADER. */
struct reply run_ask(struct run *r, const struct bytes *pdu);

/* The same on a client of one's own. */
struct reply ask(struct client *c, uint16_t transaction, uint8_t unit,
    const struct bytes *pdu);

/* Judge a reply that should be pdu. */
struct verdict judge(const struct reply *reply, const struct bytes *expected);

/* Ask, and judge; then make sure that the stream is still in step. After a
 * failure the connection is given up, so that the next check has a new one. */
struct verdict
expect(struct run *r, const struct bytes *pdu, const struct bytes *expected);
struct verdict
expect_exception(struct run *r, const struct bytes *pdu, uint8_t code);

/* A round trip on the client that must have some answer. */
struct verdict expect_ping(struct run *r, struct client *c);

/*
 * Let the server's loop turn between two segments: a round trip on another
 * connection, waited for at most 0.1 s. A server that can't answer because it
 * is blocked by the first segment is not asked twice.
 */
void nudge(struct run *r);

/* The same, waited for with all patience: whether there was an answer. */
bool nudge_hard(struct run *r);

/* Items of a table, one word each, by its own read function, in requests of
 * at most most items, 0 for as many as the specification allows. Returns 0, or
 * -1 with the reason in why. */
int read_items(struct run *r, enum table table, uint32_t address,
    uint32_t quantity, uint32_t most, uint16_t *items, struct verdict *why);

/* New values to write, different from those of the last call. Bits for
 * COILS. */
void new_values(
    struct run *r, enum table table, uint32_t quantity, uint16_t *values);

uint8_t read_function(enum table table);
uint32_t read_limit(enum table table);

/* Find out what the server has. items that are not 0 are taken as told.
 * Returns 0, or -1 when there is no server. */
int run_probe(struct run *r);

#endif
