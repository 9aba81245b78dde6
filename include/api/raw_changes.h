/* Raw changes: each change of the table with the values before and after it,
 * as server-sent events. */
#ifndef API_RAW_CHANGES_H
#define API_RAW_CHANGES_H

struct datatable;
struct write_events;

/* The events "change" of table, which outlives them. NULL when memory is
 * exhausted. */
struct write_events *raw_changes_new(struct datatable *table);

#endif
