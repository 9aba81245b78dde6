/*
 * The writes of a tick as one server-sent event, "writes": each of them with
 * the values that it wrote, whether they are new or not. Of a busy table those
 * that do not fit in WRITE_LIST_BYTES_MAX are counted instead, and the event
 * says so. It has the number of its first write, so that a reader who was sent
 * nothing for a while knows how many writes it has not seen.
 */
#ifndef API_WRITE_LIST_H
#define API_WRITE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

struct datatable;
struct last_writer;
struct write_events;

/* About the most bytes of an event. */
#define WRITE_LIST_BYTES_MAX 8192

/* The tick so far; to be all zeros at first. */
struct write_list {
	const struct last_writer *last_writer; /* borrowed */

	/* The writes that are not listed: how many, of how many values. */
	uint64_t writes, values;
	/* What they span, by kind: from first to below end; 0: nothing. */
	uint32_t first[2], end[2];
	struct address client;           /* whose the first of them was */
	const struct identity *identity; /* its, held, or NULL */
	bool several;                    /* there are others */
};

/*
 * The events of table. list is borrowed, as are table and last_writer, which
 * observes table already, and counts its writes. NULL when memory is exhausted.
 */
struct write_events *write_list_new(struct write_list *list,
    struct datatable *table, const struct last_writer *last_writer);

/* Empty it, and release what it holds. */
void write_list_end(struct write_list *list);

#endif
