/*
 * Which of the servers that share a table simulates. The lease is the simulated
 * writes themselves: all servers read them in one sequence, and whoever wrote
 * the last one holds it. Another server may take it over when no such write was
 * read for LEASE_MS and two periods of its points, or where the log has none at
 * all. Two that do so at once have written one tick more, and read from the log
 * which of them was the last. Times are milliseconds of one clock.
 */
#ifndef SHARED_LEASE_H
#define SHARED_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#define LEASE_MS 10000

struct lease {
	uint64_t holder; /* session of the last simulated write; 0: unknown */
	bool own;        /* it was this server's */
	bool whole;      /* the log was read from its first entry on */
	uint64_t since;  /* when that write was read, or the server went live */
};

/* What was read so far is void. whole: the first entry is read next. */
void lease_begin(struct lease *l, bool whole);

/* The server is live: so far it could not know what others wrote. */
void lease_live(struct lease *l, uint64_t now);

/* A simulated write was read from the log. own: this server has written it. */
void lease_read(struct lease *l, uint64_t session, bool own, uint64_t now);

/* Whether this server, which is live, may simulate. period: the milliseconds
 * between its ticks, of the points that move most often. */
bool lease_may(const struct lease *l, unsigned period, uint64_t now);

#endif
