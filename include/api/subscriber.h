/*
 * One subscriber of the event stream. No queue is kept for it, only its
 * position in the change feed: a subscriber that reads slowly, or resumes
 * later, gets the latest values of what has changed since. So memory stays
 * bounded, and only values that were overwritten meanwhile are skipped.
 */
#ifndef API_SUBSCRIBER_H
#define API_SUBSCRIBER_H

#include <stdbool.h>
#include <stdint.h>

#include "api/cursor.h"
#include "base/queue.h"
#include "http/scheduler.h"

struct api;
struct evbuffer;
struct http_request;
struct write_events;

/* A subscriber with so many unsent bytes is sent nothing more for now. */
#define SUBSCRIBER_UNSENT_MAX (64 * 1024)

/* An event has about this many bytes at most; the next one continues it. */
#define SUBSCRIBER_EVENT_MAX (32 * 1024)

/* Events of each write, which a subscriber may ask for. */
enum subscriber_detail {
	SUBSCRIBER_RAW_CHANGES, /* instead of the latest values */
	SUBSCRIBER_POINTS,      /* beside either */
	SUBSCRIBER_WRITES,      /* likewise */
	SUBSCRIBER_DETAILS
};

struct subscriber {
	TAILQ_ENTRY(subscriber) link; /* the owner's */
	const struct api *api;        /* borrowed */
	struct http_request *request; /* borrowed: owns the subscriber */
	struct scheduler_task task;   /* sends changes */
	struct change_cursor cursor;
	bool gap;       /* must be sent an event "gap" */
	bool has_rates; /* was sent all rates: gets only new ones */
	bool gets[SUBSCRIBER_DETAILS];

	uint64_t queued;   /* bytes passed to evhttp */
	uint64_t sent;     /* of these, sent at progress */
	uint64_t progress; /* clock_ms of the last time that bytes were sent */
};

/* It gets no details yet. NULL when memory is exhausted. */
struct subscriber *
subscriber_new(const struct api *api, struct http_request *request);

/* To be called when request ends. */
void subscriber_free(struct subscriber *s);

/* Add the headers of a reply of events: what stands between the server and the
 * client shall neither keep nor delay nor compress them. */
void subscriber_add_headers(struct http_request *request);

/*
 * Start the reply and send "hello". The changes that follow are those after
 * the sequence number since, or after now when since is 0; if since is unknown,
 * those after now, and an event "gap" first.
 */
void subscriber_start(struct subscriber *s, uint64_t since);

/* Whether it has unsent bytes, none of which were sent for 10 seconds. */
bool subscriber_is_stalled(struct subscriber *s);

/* Whether SUBSCRIBER_UNSENT_MAX bytes are unsent. */
bool subscriber_is_full(const struct subscriber *s);

/* Send what is in out, which is drained. */
void subscriber_send(struct subscriber *s, struct evbuffer *out);

/* Send the latest values of what has changed, as a task. */
void subscriber_schedule(struct subscriber *s);

/* Send the events of a tick. If they are incomplete, or s is full, an event
 * "gap" is sent instead, with the next task, unless they are numbered. */
void
subscriber_send_writes(struct subscriber *s, const struct write_events *events);

#endif
