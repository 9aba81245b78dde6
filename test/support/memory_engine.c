#include "memory_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insist.h"
#include "memory_item.h"

static struct memory_engine *
of(struct engine *e)
{
	return (struct memory_engine *)e;
}

static void
ask(struct engine *e, enum memory_channel which, struct memory_item *item)
{
	insist(of(e)->connected || item->kind == MEMORY_CONNECT);
	TAILQ_INSERT_TAIL(&of(e)->requests[which], item, link);
}

static void
drop(struct memory_engine *e)
{
	e->connected = false;
	if (e->late)
		TAILQ_CONCAT(&e->log->late, &e->requests[MEMORY_WRITER], link);
	for (int i = 0; i < MEMORY_CHANNELS; i++) {
		memory_items_free(&e->requests[i]);
		memory_items_free(&e->answers[i]);
	}
	memory_item_free(e->entries);
	e->entries = NULL;
}

static void
call_connect(struct engine *e)
{
	insist(!of(e)->connected);
	of(e)->connects++;
	ask(e, MEMORY_READER, memory_item_new(MEMORY_CONNECT));
}

static void
call_disconnect(struct engine *e)
{
	drop(of(e));
}

static const char *
call_describe(const struct engine *e)
{
	(void)e;
	return "memory";
}

static void
call_find(struct engine *e, uint64_t number)
{
	struct memory_item *item = memory_item_new(MEMORY_FIND);

	item->number = number;
	ask(e, MEMORY_READER, item);
}

static void
call_read(struct engine *e, uint64_t after)
{
	struct memory_item *item = memory_item_new(MEMORY_READ);

	memory_item_free(of(e)->entries);
	of(e)->entries = NULL;
	of(e)->reads++;
	item->number = after;
	ask(e, MEMORY_READER, item);
}

static void
call_get_snapshot(struct engine *e)
{
	ask(e, MEMORY_READER, memory_item_new(MEMORY_GET_SNAPSHOT));
}

static void
call_append(struct engine *e, uint64_t tag, const struct engine_field *fields,
    size_t count)
{
	struct memory_item *item = memory_item_new(MEMORY_APPEND);

	item->tag = tag;
	item->entry = memory_make_entry(0, fields, count);
	ask(e, MEMORY_WRITER, item);
}

static void
call_begin(struct engine *e, const struct engine_field *fields, size_t count)
{
	struct memory_item *item = memory_item_new(MEMORY_BEGIN);

	item->entry = memory_make_entry(0, fields, count);
	ask(e, MEMORY_WRITER, item);
}

static void
call_count_copies(struct engine *e, unsigned enough, unsigned ms)
{
	(void)enough;
	(void)ms;
	ask(e, MEMORY_WRITER, memory_item_new(MEMORY_COUNT_COPIES));
}

static void
call_put_snapshot(struct engine *e, uint64_t number, uint64_t session,
    uint64_t write_number, uint64_t first, const void *bytes, size_t length)
{
	struct memory_item *item = memory_item_new(MEMORY_PUT_SNAPSHOT);

	item->number = number;
	item->session = session;
	item->write_number = write_number;
	item->first = first;
	item->bytes = memory_copy(bytes, length);
	item->length = length;
	ask(e, MEMORY_WRITER, item);
}

static void
call_announce(struct engine *e, const char *key, const char *text)
{
	struct memory_item *item = memory_item_new(MEMORY_ANNOUNCE);

	snprintf(item->key, sizeof(item->key), "%s", key);
	snprintf(item->text, sizeof(item->text), "%s", text ? text : "");
	item->length = strlen(item->text);
	ask(e, MEMORY_WRITER, item);
}

static void
call_free(struct engine *e)
{
	drop(of(e));
	of(e)->log->closed++;
	free(e);
}

struct memory_engine *
memory_engine_new(struct memory_log *log)
{
	static const struct engine_methods methods = {
		.connect = call_connect,
		.disconnect = call_disconnect,
		.describe = call_describe,
		.find = call_find,
		.read = call_read,
		.append = call_append,
		.begin = call_begin,
		.count_copies = call_count_copies,
		.get_snapshot = call_get_snapshot,
		.put_snapshot = call_put_snapshot,
		.announce = call_announce,
		.free = call_free,
	};
	struct memory_engine *e = calloc(1, sizeof(*e));

	insist(e != NULL);
	e->engine.methods = &methods;
	e->log = log;
	for (int i = 0; i < MEMORY_CHANNELS; i++) {
		TAILQ_INIT(&e->requests[i]);
		TAILQ_INIT(&e->answers[i]);
	}
	return e;
}

bool
memory_engine_arrive(struct memory_engine *e, enum memory_channel which)
{
	struct memory_item *item = TAILQ_FIRST(&e->requests[which]);

	if (item == NULL || e->hold_requests[which] ||
	    !memory_item_arrive(e->log, item))
		return false;
	TAILQ_REMOVE(&e->requests[which], item, link);
	TAILQ_INSERT_TAIL(&e->answers[which], item, link);
	return true;
}

static void
tell_announced(struct memory_engine *e)
{
	struct engine_field pairs[128];
	size_t count = 0;

	for (size_t i = 0; i < e->log->announced_count; i++)
		for (int j = 0; j < 2; j++) {
			pairs[count].bytes = e->log->announced[i][j];
			pairs[count++].length = strlen(e->log->announced[i][j]);
		}
	e->engine.events->announced(e->engine.arg, pairs, count);
}

static void
tell_connected(struct memory_engine *e)
{
	e->connected = !e->log->away;
	if (e->connected)
		e->engine.events->ready(e->engine.arg);
	else
		e->engine.events->lost(e->engine.arg, "connection refused");
}

static void
tell_answer(struct memory_engine *e, const struct memory_item *item)
{
	const struct engine_events *events = e->engine.events;
	void *arg = e->engine.arg;

	switch (item->kind) {
	case MEMORY_CONNECT:
		tell_connected(e);
		break;
	case MEMORY_FIND:
		events->found(arg, item->entry);
		break;
	case MEMORY_READ:
		events->entries(arg, item->entries, item->count);
		break;
	case MEMORY_GET_SNAPSHOT:
		events->snapshot(arg, item->bytes, item->length);
		break;
	case MEMORY_BEGIN:
		events->begun(arg, item->result, "no memory");
		break;
	case MEMORY_APPEND:
		events->appended(arg, item->tag,
		    (enum engine_append)item->result, "no memory");
		break;
	case MEMORY_COUNT_COPIES:
		events->copies(arg, (unsigned)item->result);
		break;
	case MEMORY_PUT_SNAPSHOT:
		events->stored(arg, item->result);
		break;
	case MEMORY_ANNOUNCE:
		tell_announced(e);
		break;
	}
}

bool
memory_engine_answer(struct memory_engine *e, enum memory_channel which)
{
	struct memory_item *item = TAILQ_FIRST(&e->answers[which]);

	if (item == NULL || e->hold_answers[which])
		return false;
	TAILQ_REMOVE(&e->answers[which], item, link);
	if (item->kind == MEMORY_READ) {
		e->entries = item; /* freed by the next read, or the loss */
		tell_answer(e, item);
	} else {
		tell_answer(e, item);
		memory_item_free(item);
	}
	return true;
}

bool
memory_engine_idle(struct memory_engine *e)
{
	struct memory_item *item = TAILQ_FIRST(&e->requests[MEMORY_READER]);

	if (item == NULL || item->kind != MEMORY_READ)
		return false;
	item->idle = true;
	return memory_engine_arrive(e, MEMORY_READER);
}

void
memory_engine_lose(struct memory_engine *e)
{
	if (!e->connected)
		return;
	drop(e);
	e->engine.events->lost(e->engine.arg, "no answer");
}
