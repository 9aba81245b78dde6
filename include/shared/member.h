/*
 * One of the servers that share a table: an order whose writes go to the log of
 * an engine, and are executed, like those of all other servers, when they are
 * read from it.
 *
 *   away → has it a table? no → loading: a snapshot, or the log from its start
 *        → is the last entry still there? no → loading
 *        → following: hello, read → its own hello is read → live
 *
 * Only while it is live are writes submitted. A connection that is lost leads
 * back to away; the next try comes after 50 ms to 1 s, with jitter.
 */
#ifndef SHARED_MEMBER_H
#define SHARED_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "service/order.h"
#include "shared/engine.h"
#include "table/datatable.h"

struct event_base;
struct identities;
struct member;

struct member_config {
	struct event_base *base; /* borrowed */
	struct engine *engine;   /* owned from member_new on, also on failure */
	struct datatable *table; /* borrowed, all zeros; from now on written by
				    the member and by settled writes only */
	enum datatable_overlay overlay;
	bool init; /* make the table at this start, where there is none */
	const struct order_pdu *first; /* its first values, borrowed until live
					  is called */
	size_t first_count;
	const char *host; /* this server, for others to read; borrowed */
	struct identities *identities; /* of clients, of all servers; borrowed.
					  NULL: those of others are left out */
	unsigned copies;   /* that must hold a write before its reply */
	unsigned timeout;  /* ms until the outcome of a write is unknown */
	uint64_t snapshot; /* entries between two snapshots */

	/* Live for the first time: clients may be let in. */
	void (*live)(void *arg);
	/* The program must end, with this exit status; a line has said why. */
	void (*failed)(void *arg, int status);
	void *arg;
};

/* NULL when there is no memory. member_start connects. */
struct member *member_new(const struct member_config *config);
void member_start(struct member *m);

/* Disconnect, and free. Its pending writes must have no owners. Accepts NULL.
 */
void member_free(struct member *m);

/* The order; owned by m. */
struct order *member_order(struct member *m);

/* Why not all is well, as health says it; NULL: all is well. */
const char *member_trouble(const struct member *m);

/*
 * Whether this server is the one that may simulate, to be asked before each
 * tick; false while it is not live, too. period: see lease_may; now: clock_ms.
 * Writes a line when the answer is another one than before.
 */
bool member_simulates(struct member *m, unsigned period, uint64_t now);

struct member_figures {
	bool connected; /* live */
	bool writable;  /* live, and the engine has not just refused a write */
	uint64_t entry; /* the last one that was executed */
	uint64_t executed, own, refused, unknown, late; /* writes */
	size_t outstanding;
	uint64_t reloads, disconnects, snapshots;
	struct histogram took; /* nanoseconds from submit to the outcome */
};

const struct member_figures *member_figures(struct member *m);

/* A server of the table, as it has said that it is there. */
struct member_peer {
	const char *host;
	uint64_t entry;   /* the last one that it had executed then */
	uint64_t session; /* its open one then; 0: an earlier version */
	bool own;         /* it is this one */
	bool simulates;   /* it has written the last simulated write */
};

/*
 * Call what for each server that has said within ten seconds that it is there.
 * Each says so once a second while it is live. peer is borrowed, with its host.
 */
void member_each_server(const struct member *m,
    void (*what)(void *arg, const struct member_peer *peer), void *arg);

/* The address of the engine, for people. Borrowed. */
const char *member_engine(const struct member *m);

#endif
