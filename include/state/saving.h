/*
 * When values that have no row in the journal are saved: as the whole table,
 * with a commit of rows or alone (batch_set_table). That is due
 *
 *   some time after the first of them was written,
 *   with the row of a write that has found one of them, as a start would not
 *   know what to apply that row to (state/store.h),
 *   before a backup, and at the end.
 *
 * So each state that a start can find has all rows that were committed, and
 * these values as they were at a moment between them: older ones, if at all.
 */
#ifndef STATE_SAVING_H
#define STATE_SAVING_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/time.h>

#include "state/unsaved.h"
#include "table/datatable.h"

struct batch;

struct saving {
	struct unsaved unsaved;
	bool due;
	struct datatable *table; /* owned: being saved; NULL: none ever was */
	struct event *timer;     /* owned */
	struct timeval after;
	event_callback_fn is_due; /* borrowed, with arg */
	void *arg;
};

/* Initialize: is_due is called when a save is due because of the time. Returns
 * 0, or -1 when memory is exhausted. */
int saving_begin(struct saving *s, struct event_base *base,
    enum datatable_overlay overlay, struct timeval after,
    event_callback_fn is_due, void *arg);

/* Free what it owns; also one of zeros. */
void saving_end(struct saving *s);

/* To be called before the first value is added. Returns 0, or -1 when memory is
 * exhausted. */
int saving_reserve(struct saving *s);

/* Add a change that has no row. */
void saving_add(struct saving *s, const struct datatable_change *change);

/* Whether the row of a change must come with a save, which is then due. So it
 * is for each while one is due. */
bool saving_needs(struct saving *s, const struct datatable_change *change);

/* Have a save be due if there is anything to be saved. */
void saving_hurry(struct saving *s);

bool saving_is_due(const struct saving *s);

/* A batch is to be committed, after which the table is this one: if a save is
 * due, a copy of it goes with the batch. Only one batch has it at a time. */
void
saving_take(struct saving *s, struct batch *b, const struct datatable *table);

/* A batch was not committed, and is about to be cleared. */
void saving_give_back(struct saving *s, const struct batch *b);

#endif
