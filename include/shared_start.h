/*
 * The options --shared and related ones: connect to the engine, and be one of
 * the servers that share its table.
 *
 *   shared_start_new → shared_start_connect → ... live → shared_start_live
 */
#ifndef SHARED_START_H
#define SHARED_START_H

#include <stddef.h>
#include <stdint.h>

#include "base/identity.h"

struct datatable;
struct event_base;
struct member;
struct options;
struct points;
struct writing_requests;

/* A host name, a colon and a port. */
#define SHARED_START_HOST_SIZE 256

struct shared_start {
	struct member *member; /* owned; NULL: the table is not shared */
	struct writing_requests *first; /* owned; values of points, or NULL */
	struct identities identities;   /* where there are no others */
	char host[SHARED_START_HOST_SIZE];
};

/* All borrowed, but for points as long as the member lives. */
struct shared_start_target {
	struct event_base *base;
	struct datatable *table;       /* all zeros */
	const struct points *points;   /* or NULL */
	struct identities *identities; /* of the program, or NULL */
	void (*live)(void *arg);       /* see struct member_config */
	void (*failed)(void *arg, int status);
	void *arg;
};

/* Descriptors that it needs with these options. */
size_t shared_start_descriptors(const struct options *o);

/* Check the files that the options name. Returns an exit status of sysexits.h:
 * EX_OK, or another after a log line that says why. */
int shared_start_check(const struct options *o);

/*
 * Create the member, if the options ask for that; else all of the following do
 * nothing. s must stay where it is.
 *
 * Returns an exit status of sysexits.h: EX_OK, or another after a line that
 * says why.
 */
int shared_start_new(const struct options *o,
    const struct shared_start_target *target, struct shared_start *s);

/* Connect. Other servers know this one by the name of its host and this port.
 */
void shared_start_connect(struct shared_start *s, uint16_t port);

/* The table is there: log how many points, which may be NULL, differ from their
 * first values. */
void shared_start_live(struct shared_start *s, const struct points *points,
    const struct datatable *table);

/* When no write has an owner any more. */
void shared_start_free(struct shared_start *s);

#endif
