#include "shared/redis_entries.h"

#include <stdbool.h>
#include <string.h>

#include "base/number.h"

int
redis_entry_number(const struct reply *id, uint64_t *number)
{
	if (id->type != REPLY_STRING || strncmp(id->text, "1-", 2) != 0 ||
	    strlen(id->text) != id->length)
		return -1;
	return number_parse(id->text + 2, 1, UINT64_MAX, number);
}

static bool
are_fields(const struct reply *reply)
{
	if (reply->type != REPLY_ARRAY || reply->count % 2 != 0)
		return false;
	for (size_t i = 0; i < reply->count; i++)
		if (reply->elements[i].type != REPLY_STRING)
			return false;
	return true;
}

const struct engine_field *
redis_fields_make(
    struct reply_memory *m, const struct reply *reply, size_t *count)
{
	struct engine_field *fields;

	if (!are_fields(reply))
		return NULL;
	fields = reply_memory_take(m, reply->count * sizeof(*fields));
	if (fields == NULL)
		return NULL;
	for (size_t i = 0; i < reply->count; i++)
		fields[i] = (struct engine_field){ reply->elements[i].text,
			reply->elements[i].length };
	*count = reply->count;
	return fields;
}

static enum redis_entries
make_entry(struct reply_memory *m, const struct reply *reply,
    struct engine_entry *entry)
{
	if (reply->type != REPLY_ARRAY || reply->count != 2 ||
	    reply->elements[0].type != REPLY_STRING ||
	    !are_fields(&reply->elements[1]))
		return REDIS_ENTRIES_UNFIT;
	if (redis_entry_number(&reply->elements[0], &entry->number) != 0)
		return REDIS_ENTRIES_FOREIGN;
	entry->fields =
	    redis_fields_make(m, &reply->elements[1], &entry->count);
	return entry->fields != NULL ? REDIS_ENTRIES_READY :
				       REDIS_ENTRIES_MEMORY;
}

enum redis_entries
redis_entries_make(struct reply_memory *m, const struct reply *reply,
    const struct engine_entry **entries, size_t *count)
{
	enum redis_entries result = REDIS_ENTRIES_READY;
	struct engine_entry *made;

	if (reply->type != REPLY_ARRAY)
		return REDIS_ENTRIES_UNFIT;
	made = reply_memory_take(m, reply->count * sizeof(*made));
	if (made == NULL)
		return REDIS_ENTRIES_MEMORY;
	for (size_t i = 0; i < reply->count && result == REDIS_ENTRIES_READY;
	     i++)
		result = make_entry(m, &reply->elements[i], &made[i]);
	*entries = made;
	*count = reply->count;
	return result;
}

const struct reply *
redis_entries_of_stream(const struct reply *reply)
{
	const struct reply *stream = reply->elements;

	if (reply->type != REPLY_ARRAY || reply->count != 1 ||
	    stream->type != REPLY_ARRAY || stream->count != 2)
		return NULL;
	return &stream->elements[1];
}
