/*
 * A subscriber's position in the change feed, and the changes after it as
 * JSON.
 *
 * The cursor scans all addresses, coils first, for those that changed after
 * its tick, up to a target tick. What changes during a scan is found by it or
 * by the next one. Only the end of a scan moves the cursor, so that a
 * subscriber that resumes from the last tick it has received misses nothing.
 */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/datatable.h"

struct changes;
struct text_writer;

/* To start at a tick, set it, and all other members to zero. */
struct change_cursor {
	uint32_t tick;   /* of changes.h: changes up to it were delivered */
	uint32_t target; /* the tick at the end of the scan */
	bool scanning;   /* within a scan: */
	enum datatable_kind kind; /* its next address */
	uint32_t address;
};

/* Begin a scan, unless one has begun. Returns whether one has: there may be
 * no changes. */
bool cursor_begin_scan(struct change_cursor *c, struct changes *changes);

/*
 * Continue a scan: add objects to t, separated by commas, each for adjacent
 * addresses that one client changed last, with their present values. Stops at
 * the end of the scan, or when t's evbuffer has length bytes or a few more.
 * Returns the number of objects.
 */
unsigned cursor_add_runs(struct change_cursor *c, const struct changes *changes,
    const struct datatable *table, struct text_writer *t, size_t length);

#endif
