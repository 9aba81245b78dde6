/*
 * The changes since a given time: for each register and coil the tick in which
 * its value changed last, and its writer. An observer of the table. Its readers
 * return from time to time for the latest values of what has changed since
 * their last tick, which may be any.
 *
 * The owner decides how long a tick is, for example a tenth of a second. A
 * write of the same value is no change. In the overlaid mode a change of a coil
 * is one of its register, and vice versa.
 *
 * Memory: 6 bytes for each of 131,072 addresses, and CHANGES_WRITERS_MAX
 * writers. A write costs a few operations for each value written.
 */
#ifndef TABLE_CHANGES_H
#define TABLE_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "table/datatable.h"

struct changes;

/* The most writers that are distinguished at one time. */
#define CHANGES_WRITERS_MAX 1024

/* A client's host, with port 0, its identity, and how it wrote. */
struct changes_writer {
	struct address host;             /* its last one */
	const struct identity *identity; /* or NULL; held */
	uint8_t unit;
	uint8_t function;
};

/* Adjacent addresses that were changed last by one writer. */
struct changes_run {
	uint16_t address;
	uint16_t quantity; /* 1..65535 */
	const struct changes_writer
	    *writer; /* valid until the next write; NULL:
			unknown, there were too many */
};

/* Observe table, which outlives it and has the mode overlay, from now on. NULL
 * when memory is exhausted. */
struct changes *
changes_new(struct datatable *table, enum datatable_overlay overlay);

/* Accepts NULL. */
void changes_free(struct changes *c);

/*
 * End the present tick, if there was a change in it. Returns the last tick that
 * has ended: 0 before the first change.
 */
uint32_t changes_tick(struct changes *c);

/*
 * Find the first run, at or above address from (0..65536), of at most `most`
 * addresses that changed after a tick. Returns whether there is one.
 */
bool changes_next(const struct changes *c, enum datatable_kind kind,
    uint32_t tick, uint32_t from, uint16_t most, struct changes_run *run);

#endif
