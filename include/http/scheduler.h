/*
 * Whose turn it is: work over HTTP is done in short steps, and all of it
 * together takes at most a fifth of the time, so that Modbus is hardly ever
 * kept waiting, however many ask for however much.
 */
#ifndef HTTP_SCHEDULER_H
#define HTTP_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct event_base;
struct turns;

/* Steps are done until so much time has passed, and the one that was begun. */
#define TURNS_BUDGET_NS 500000

/* Then nothing is done for so many times as long as they took. */
#define TURNS_REST 4

/* Something that waits for its turn; part of its owner. */
struct turn {
	TAILQ_ENTRY(turn) link; /* the queue's */
	bool queued;            /* likewise */
	void (*take)(struct turn *turn);
};

/* NULL when there is no memory. */
struct turns *turns_new(struct event_base *base);

/* NULL is fine. Nobody may be waiting. */
void turns_free(struct turns *t);

/* Have take called, once, in a later turn of the event loop. */
void turns_add(struct turns *t, struct turn *turn);

/* Have it not called; no matter whether it waits. */
void turns_remove(struct turns *t, struct turn *turn);

/* Nanoseconds spent in all the steps. */
uint64_t turns_spent(const struct turns *t);

#endif
