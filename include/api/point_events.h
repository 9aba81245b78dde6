/* Points as server-sent events: the values of those that a write touches,
 * whether it changes them or not. */
#ifndef API_POINT_EVENTS_H
#define API_POINT_EVENTS_H

struct api_config;
struct write_events;

/* The events "points" of a table and its points, which config, borrowed, names.
 * NULL when memory is exhausted. */
struct write_events *point_events_new(struct api_config *config);

#endif
