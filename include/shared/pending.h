/*
 * A server's own writes that are in the log, or on the way to it, and have no
 * outcome yet, in the sequence in which they were submitted. Their numbers
 * ascend in that sequence, over sessions too. Times are of one clock, in
 * nanoseconds.
 *
 * The log has the writes of one session in that sequence. So a write that is
 * read from the log says of those before it, which were not read: they are not
 * in the log and never will be.
 */
#ifndef SHARED_PENDING_H
#define SHARED_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/order.h"

struct pending; /* see pending.c */

struct histogram;

/* took, borrowed, gets the time from pending_add until a write is taken. NULL:
 * no memory. */
struct pending *pending_new(struct histogram *took);

/* Free; the writes in it are freed without an outcome, and have no owners. */
void pending_free(struct pending *p);

/* Add a write, owned from then on; its number is higher than all before.
 * Returns 0, or -1 when there is no memory; then the write is still the
 * caller's. */
int pending_add(struct pending *p, struct order_write *write, uint64_t session,
    uint64_t number, uint64_t now);

size_t pending_count(const struct pending *p);

/* When the oldest was submitted; UINT64_MAX where there is none. */
uint64_t pending_oldest(const struct pending *p);

/* The engine has refused it: its outcome comes with that of those before it.
 * One that is not there is ignored. */
void pending_refuse(struct pending *p, uint64_t session, uint64_t number);

/*
 * Each of these moves writes to the end of a list, for order_settle. Those that
 * are taken have left pending, so that whatever is submitted by a settled
 * callback is not part of it. now is when they are taken.
 *
 * pending_take_refused: the first ones, as far as the engine has refused them.
 * pending_take_before: those that stand before this write, which is there.
 * pending_take: this write, if it is the first one. Returns whether it was.
 * pending_take_older: the first ones, as far as they are of other sessions
 * than this one; 0: all of them.
 * pending_take_expired: those that were submitted before a time.
 */
void
pending_take_refused(struct pending *p, uint64_t now, struct order_writes *to);
void pending_take_before(struct pending *p, uint64_t session, uint64_t number,
    uint64_t now, struct order_writes *to);
bool pending_take(struct pending *p, uint64_t session, uint64_t number,
    uint64_t now, struct order_writes *to);
void pending_take_older(
    struct pending *p, uint64_t session, uint64_t now, struct order_writes *to);
void pending_take_expired(
    struct pending *p, uint64_t before, uint64_t now, struct order_writes *to);

/* Whether this write is there: then it is a server's own. */
bool pending_has(const struct pending *p, uint64_t session, uint64_t number);

#endif
