/*
 * How far a reader has come who follows what changes, and the next that he has
 * not seen, as JSON.
 *
 * He goes through the addresses in passes. A pass brings what changed between
 * cursor and target, coils first; changes that are made meanwhile come in it
 * or in the next. Only its end moves the cursor, so that whoever comes back
 * with the last cursor that he saw misses nothing.
 */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/datatable.h"

struct changes;
struct json_text;

/* Zeros, but for the cursor, are a reader who has begun no pass. */
struct pass {
	uint32_t cursor; /* ticks of changes.h; all up to it was brought */
	uint32_t target;
	bool underway;            /* in the middle of a pass: */
	enum datatable_kind kind; /* where it is */
	uint32_t address;
};

/* Begin a pass unless one is under way. Returns whether there is one: nothing
 * may be new. */
bool pass_begin(struct pass *p, struct changes *changes);

/*
 * Go on with a pass that was begun: add objects to t, with commas between
 * them, for adjacent addresses that one client changed, with their values now;
 * until it is at its end, or t's evbuffer has length bytes, or hardly more.
 * Returns how many objects.
 */
unsigned pass_add_runs(struct pass *p, const struct changes *changes,
    const struct datatable *table, struct json_text *t, size_t length);

#endif
