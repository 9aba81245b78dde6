#include "shared/redis_answers.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/redis_entries.h"

static bool
is_error(const struct reply *reply, const char *code)
{
	return reply->type == REPLY_ERROR &&
	    strncmp(reply->text, code, strlen(code)) == 0;
}

/* An answer that cannot be used: the link is lost. */
static void
fail_by(struct redis *r, const struct reply *reply)
{
	char why[LINK_WHY_SIZE];

	link_fail(r->link,
	    reply->type == REPLY_ERROR ? reply_line(reply, why) : LINK_UNFIT);
}

/* Whether entries could be made; if not, the link is lost. */
static bool
make_entries(struct redis *r, const struct reply *reply,
    const struct engine_entry **entries, size_t *count)
{
	struct reply_memory *m = resp_memory(link_resp(r->link, LINK_READER));
	char why[LINK_WHY_SIZE];

	switch (redis_entries_make(m, reply, entries, count)) {
	case REDIS_ENTRIES_READY:
		return true;
	case REDIS_ENTRIES_FOREIGN:
		snprintf(why, sizeof(why), "%s is not a log of this program",
		    r->log_key);
		link_fail(r->link, why);
		return false;
	case REDIS_ENTRIES_MEMORY:
		link_fail(r->link, "out of memory");
		return false;
	default:
		fail_by(r, reply);
		return false;
	}
}

static void
found(struct redis *r, uint64_t number, const struct reply *reply)
{
	const struct engine_events *events = r->engine.events;
	const struct engine_entry *entries;
	size_t count;

	if (!make_entries(r, reply, &entries, &count))
		return;
	if (count == 0)
		events->found(r->engine.arg, NULL);
	else if (count == 1 && (number == 0 || number == entries->number))
		events->found(r->engine.arg, entries);
	else
		fail_by(r, reply);
}

/* Keep what entries borrow from. */
static bool
keep(struct redis *r)
{
	r->kept = resp_keep(link_resp(r->link, LINK_READER));
	if (r->kept == NULL)
		link_fail(r->link, "out of memory");
	return r->kept != NULL;
}

static void
have_read(struct redis *r, const struct reply *reply)
{
	const struct engine_events *events = r->engine.events;
	const struct engine_entry *entries = NULL;
	const struct reply *stream;
	size_t count = 0;

	r->reading = false;
	if (reply->type != REPLY_NIL) {
		stream = redis_entries_of_stream(reply);
		if (stream == NULL) {
			fail_by(r, reply);
			return;
		}
		if (!make_entries(r, stream, &entries, &count) || !keep(r))
			return;
	}
	if (count < r->most)
		r->most = REDIS_READ_MAX; /* all was read */
	events->entries(r->engine.arg, entries, count);
}

static void
got_snapshot(struct redis *r, const struct reply *reply)
{
	const struct engine_events *events = r->engine.events;

	if (reply->type == REPLY_NIL)
		events->snapshot(r->engine.arg, NULL, 0);
	else if (reply->type == REPLY_STRING)
		events->snapshot(r->engine.arg, reply->text, reply->length);
	else
		fail_by(r, reply);
}

/* Whether it is no primary any more: then lost is told, later. */
static void
check_primary(struct redis *r, const struct reply *reply)
{
	if (is_error(reply, "READONLY "))
		fail_by(r, reply);
}

static void
tell_appended(struct redis *r, uint64_t tag, const struct reply *reply)
{
	const struct engine_events *events = r->engine.events;
	char why[LINK_WHY_SIZE];
	uint64_t number;

	check_primary(r, reply);
	if (reply->type == REPLY_STRING &&
	    redis_entry_number(reply, &number) == 0)
		events->appended(r->engine.arg, tag, ENGINE_APPENDED, NULL);
	else if (reply->type == REPLY_NIL)
		events->appended(
		    r->engine.arg, tag, ENGINE_NO_LOG, "there is no log");
	else if (reply->type == REPLY_ERROR)
		events->appended(r->engine.arg, tag,
		    is_error(reply, "NOREPLICAS ") ? ENGINE_ALONE :
						     ENGINE_REFUSED,
		    reply_line(reply, why));
	else
		fail_by(r, reply);
}

/* --- a transaction ------------------------------------------------------ */

static int
push_queued(struct redis_queued *q, uint64_t tag)
{
	size_t room = q->room == 0 ? 64 : 2 * q->room;
	uint64_t *tags;

	if (q->count == q->room) {
		tags = realloc(q->tags, room * sizeof(*tags));
		if (tags == NULL)
			return -1;
		q->tags = tags;
		q->room = room;
	}
	q->tags[q->count++] = tag;
	return 0;
}

/* Where MULTI was refused, each is answered as if it had been sent alone. */
static void
queued(struct redis *r, uint64_t tag, const struct reply *reply)
{
	struct redis_queued *q = &r->queued;

	if (reply->type == REPLY_STATUS && strcmp(reply->text, "QUEUED") == 0) {
		if (push_queued(q, tag) != 0)
			link_fail(r->link, "out of memory");
		return;
	}
	if (reply->type == REPLY_ERROR && !q->refused) {
		q->refused = true;
		reply_line(reply, q->why);
	}
	tell_appended(r, tag, reply);
}

/* Why EXEC was refused. */
static struct reply
cause_of_abort(const struct redis_queued *q, const struct reply *reply)
{
	static const char because[] =
	    "EXECABORT Transaction discarded because of: ";
	struct reply cause = *reply;

	if (strncmp(reply->text, because, strlen(because)) == 0) {
		cause.text += strlen(because);
		cause.length -= strlen(because);
	} else if (q->refused) {
		cause.text = q->why;
		cause.length = strlen(q->why);
	}
	return cause;
}

/* Tell of those that were queued: each has an answer of its own, or all have
 * one. What is told may drop the connection, or free the engine: then q is
 * dropped. */
static void
tell_queued(struct redis *r, const struct redis_queued *q,
    const struct reply *answers, bool one)
{
	for (size_t i = 0; i < q->count && !q->dropped; i++)
		tell_appended(r, q->tags[i], &answers[one ? 0 : i]);
}

static void
executed(struct redis *r, const struct reply *reply)
{
	struct redis_queued q = r->queued;
	struct reply cause;

	r->queued = (struct redis_queued){ .telling = &q };
	if (reply->type == REPLY_ARRAY && reply->count == q.count) {
		tell_queued(r, &q, reply->elements, false);
	} else if (reply->type == REPLY_ERROR) {
		cause = cause_of_abort(&q, reply);
		tell_queued(r, &q, &cause, true);
	} else {
		fail_by(r, reply);
	}
	if (!q.dropped)
		r->queued.telling = NULL;
	free(q.tags);
}

void
redis_queued_forget(struct redis_queued *q)
{
	if (q->telling != NULL)
		q->telling->dropped = true;
	q->telling = NULL;
	q->count = 0;
	q->refused = false;
}

static void
begun(struct redis *r, const struct reply *reply)
{
	const struct engine_events *events = r->engine.events;
	char why[LINK_WHY_SIZE];

	check_primary(r, reply);
	if (reply->type == REPLY_STRING)
		events->begun(r->engine.arg, 1, NULL);
	else if (is_error(reply, "ERR The ID specified in XADD "))
		events->begun(r->engine.arg, 0, NULL);
	else if (reply->type == REPLY_ERROR)
		events->begun(r->engine.arg, -1, reply_line(reply, why));
	else
		fail_by(r, reply);
}

static void
counted(struct redis *r, const struct reply *reply)
{
	if (reply->type != REPLY_INTEGER || reply->number < 0)
		fail_by(r, reply);
	else
		r->engine.events->copies(r->engine.arg,
		    reply->number < UINT_MAX ? (unsigned)reply->number :
					       UINT_MAX);
}

static void
have_put(struct redis *r, const struct reply *reply)
{
	check_primary(r, reply);
	if (reply->type == REPLY_INTEGER)
		r->engine.events->stored(r->engine.arg, reply->number == 1);
	else if (reply->type == REPLY_ERROR)
		r->engine.events->stored(r->engine.arg, 0);
	else
		fail_by(r, reply);
}

/* Texts for people are not worth a connection: without permission there are
 * none. */
static void
announced(struct redis *r, const struct reply *reply)
{
	struct reply_memory *m = resp_memory(link_resp(r->link, LINK_WRITER));
	const struct engine_field *pairs = NULL;
	size_t count = 0;

	if (reply->type != REPLY_ERROR) {
		pairs = redis_fields_make(m, reply, &count);
		if (pairs == NULL) {
			fail_by(r, reply);
			return;
		}
	}
	r->engine.events->announced(r->engine.arg, pairs, count);
}

void
redis_answer(
    void *arg, const struct resp_command *command, const struct reply *reply)
{
	struct redis *r = arg;

	switch ((enum redis_kind)command->kind) {
	case REDIS_FIND:
		found(r, command->tag, reply);
		break;
	case REDIS_READ:
		have_read(r, reply);
		break;
	case REDIS_GET:
		got_snapshot(r, reply);
		break;
	case REDIS_APPEND:
		tell_appended(r, command->tag, reply);
		break;
	case REDIS_MULTI:
		break; /* EXEC tells */
	case REDIS_QUEUE:
		queued(r, command->tag, reply);
		break;
	case REDIS_EXEC:
		executed(r, reply);
		break;
	case REDIS_BEGIN:
		begun(r, reply);
		break;
	case REDIS_COPIES:
		counted(r, reply);
		break;
	case REDIS_PUT:
		have_put(r, reply);
		break;
	case REDIS_ANNOUNCE:
		check_primary(r, reply);
		break;
	case REDIS_ANNOUNCED:
		announced(r, reply);
		break;
	}
}
