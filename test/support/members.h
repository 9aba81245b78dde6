/*
 * Servers that share a table in memory (memory_engine.h), and an oracle that
 * knows from the log alone what the table is behind each entry. Every write has
 * a number of its own in its values, so that it is found in the log.
 *
 * Of what is executed it is checked: that the table is what the log says, just
 * before and just behind it, and that the outcomes of an owner come in the
 * sequence in which it submitted.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include <check.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "memory_engine.h"
#include "service/service.h"
#include "shared/member.h"
#include "shared/replica.h"

#define MEMBERS      4
#define OWNERS       8
#define WRITES_MAX   20000
#define MEMBER_WORDS 32 /* registers that are written */

struct owner {
	unsigned number;
	unsigned in_flight;
	uint32_t settled; /* the last write that was */
};

/* An outcome, or that there is none. */
enum fate {
	FATE_NONE,
	FATE_NOT_TAKEN, /* submit returned -1 */
	FATE_PENDING,
	FATE_EXECUTED,
	FATE_REFUSED,
	FATE_UNKNOWN,
	FATE_FORGOTTEN, /* its owner has gone */
};

struct test_member {
	struct member *member; /* NULL: it is not there */
	struct memory_engine *engine;
	struct datatable *table;
	struct service service;
	bool live;
	int status; /* of failed; 0: it has not */
};

struct test_write_record {
	enum fate fate;
	struct order_write *write; /* while it is pending */
	unsigned owner;
	unsigned told; /* how many outcomes; 1 at most */
	bool more;
};

extern struct memory_log memory;
extern struct test_member members[MEMBERS];
extern struct owner owners[OWNERS];
extern struct test_write_record writes[WRITES_MAX]; /* from 1 on */
extern uint32_t written;                            /* the last write */
extern struct event_base *members_base;
extern struct member_config members_config; /* what members are made with */
extern struct address members_client;       /* of the writes that follow */
extern bool members_lose; /* the log loses entries: tables are not compared
			     with it at each write */

/* Called when a write was settled; NULL: nothing. */
extern void (*members_settled)(uint32_t id);

void members_setup(void);
void members_teardown(void);

void members_make(unsigned i);

/* How it is: its trouble, "" for none, and its figures, borrowed. */
const char *members_trouble(unsigned i);
const struct member_figures *members_figures(unsigned i);

/* Its connection to the engine is lost. */
void members_disconnect(unsigned i);

/* Its pending writes lose their owners. */
void members_kill(unsigned i);

/* Submit so many writes of an owner. Returns the number of the first. */
uint32_t members_write(unsigned i, unsigned owner, unsigned count);

/* Everything that waits for an outcome of this owner is forgotten. */
void members_forget(unsigned owner);

/* Let everything that is not held arrive, be answered and be answered again. */
void members_settle(void);

/* The same, until something holds. Timers bring what is missing. */
#define members_await(expression)                                              \
	while (members_settle(), !(expression))                                \
	event_base_loop(members_base, EVLOOP_ONCE)

/* Make so many, and wait until all are live. */
void members_begin(unsigned count);

/* How often a write is in the log as one that counts, and where last. */
unsigned members_executions(uint32_t id);
uint64_t members_entry(uint32_t id);

/* The table is what the log says. */
void members_check_table(unsigned i);

/* No write that is known to be refused counts in the log, and every one that
 * was executed does, once. */
void members_check_fates(void);

#endif
