/*
 * What has changed since when: per register and per coil the tick in which its
 * value changed last, and who changed it. An observer of the table, for readers
 * who come back every now and then and want the latest values of what is new,
 * however far they are behind.
 *
 * A tick is whatever its owner makes of it, such as a tenth of a second. Only
 * values that differ count. In the overlaid mode a change of a coil is one of
 * its register, and the reverse.
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

/* Distinct writers that are told apart at one time. */
#define CHANGES_WRITERS_MAX 1024

/* A host, whatever its port, and how it wrote. */
struct changes_writer {
	struct address host;
	uint8_t unit;
	uint8_t function;
};

/* Adjacent addresses that changed by one writer. */
struct changes_run {
	uint16_t address;
	uint16_t quantity;                   /* 1..65535 */
	const struct changes_writer *writer; /* until the next write; NULL: too
						many to know */
};

/* Observes table, of which overlay is the mode and which outlives it, from now
 * on. NULL when there is no memory. */
struct changes *
changes_new(struct datatable *table, enum datatable_overlay overlay);

/* NULL is fine. */
void changes_free(struct changes *c);

/*
 * End the present tick, if anything changed in it. Returns the last tick that
 * has ended: 0 as long as nothing has changed.
 */
uint32_t changes_tick(struct changes *c);

/*
 * The first run from address `from` on, which is 0..65536, of addresses that
 * changed after a tick; at most `most` of them. Returns whether there is one.
 */
bool changes_next(const struct changes *c, enum datatable_kind kind,
    uint32_t tick, uint32_t from, uint16_t most, struct changes_run *run);

#endif
