#include "memory_engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insist.h"
#include "memory_item.h"

void *
memory_copy(const void *bytes, size_t length)
{
	void *copy = malloc(length + 1);

	insist(copy != NULL);
	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

static void
free_fields(const struct engine_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((void *)(uintptr_t)fields[i].bytes);
	free((void *)(uintptr_t)fields);
}

static const struct engine_field *
copy_fields(const struct engine_field *from, size_t count)
{
	struct engine_field *fields = calloc(count + 1, sizeof(*fields));

	insist(fields != NULL);
	for (size_t i = 0; i < count; i++) {
		fields[i].bytes = memory_copy(from[i].bytes, from[i].length);
		fields[i].length = from[i].length;
	}
	return fields;
}

struct engine_entry *
memory_make_entry(
    uint64_t number, const struct engine_field *fields, size_t count)
{
	struct engine_entry *entry = calloc(1, sizeof(*entry));

	insist(entry != NULL);
	*entry =
	    (struct engine_entry){ number, copy_fields(fields, count), count };
	return entry;
}

static void
free_entry(struct engine_entry *entry)
{
	if (entry == NULL)
		return;
	free_fields(entry->fields, entry->count);
	free(entry);
}

struct memory_item *
memory_item_new(enum memory_kind kind)
{
	struct memory_item *item = calloc(1, sizeof(*item));

	insist(item != NULL);
	item->kind = kind;
	return item;
}

void
memory_item_free(struct memory_item *item)
{
	if (item == NULL)
		return;
	free_entry(item->entry);
	free(item->bytes);
	for (size_t i = 0; i < item->count; i++)
		free_fields(item->entries[i].fields, item->entries[i].count);
	free(item->entries);
	free(item);
}

void
memory_items_free(struct memory_items *items)
{
	struct memory_item *item;

	while ((item = TAILQ_FIRST(items)) != NULL) {
		TAILQ_REMOVE(items, item, link);
		memory_item_free(item);
	}
}

void
memory_log_init(struct memory_log *log)
{
	memset(log, 0, sizeof(*log));
	log->first = 1;
	TAILQ_INIT(&log->late);
}

static void
tell(struct memory_log *log)
{
	if (log->changed != NULL)
		log->changed(log->arg);
}

uint64_t
memory_log_add(
    struct memory_log *log, const struct engine_field *fields, size_t count)
{
	if (log->count == log->room) {
		log->room = log->room == 0 ? 64 : 2 * log->room;
		log->entries = reallocarray(
		    log->entries, log->room, sizeof(*log->entries));
		insist(log->entries != NULL);
	}
	log->entries[log->count] =
	    memory_make_entry(log->count + 1, fields, count);
	log->count++;
	log->exists = true;
	tell(log);
	return log->count;
}

uint64_t
memory_log_add_texts(struct memory_log *log, const char *text, ...)
{
	struct engine_field fields[16];
	size_t count = 0;
	va_list texts;

	va_start(texts, text);
	for (; text != NULL; text = va_arg(texts, const char *)) {
		insist(count < 16);
		fields[count++] = (struct engine_field){ text, strlen(text) };
	}
	va_end(texts);
	return memory_log_add(log, fields, count);
}

static void
drop_snapshot(struct memory_log *log)
{
	free(log->snapshots[--log->snapshot_count].bytes);
}

void
memory_log_cut(struct memory_log *log, uint64_t last)
{
	while (log->count > last)
		free_entry(log->entries[--log->count]);
	while (log->snapshot_count > 0 &&
	    log->snapshots[log->snapshot_count - 1].at > last)
		drop_snapshot(log);
	tell(log);
}

void
memory_log_trim(struct memory_log *log, uint64_t first)
{
	if (first > log->first)
		log->first = first;
}

void
memory_log_wipe(struct memory_log *log)
{
	memory_log_cut(log, 0);
	log->exists = false;
	log->first = 1;
}

void
memory_log_damage(struct memory_log *log)
{
	insist(log->snapshot_count > 0);
	log->snapshots[log->snapshot_count - 1].bytes[100] ^= 1;
}

void
memory_log_end(struct memory_log *log)
{
	log->changed = NULL;
	memory_log_wipe(log);
	memory_items_free(&log->late);
	free(log->entries);
}

static struct engine_entry *
visible(const struct memory_log *log, uint64_t number)
{
	return number >= log->first && number <= log->count ?
	    log->entries[number - 1] :
	    NULL;
}

/* What requests do where they memory_item_arrive; false: it is not time to
 * answer. */

static void
find(const struct memory_log *log, struct memory_item *item)
{
	const struct engine_entry *entry = visible(
	    log, item->number == 0 && log->exists ? log->first : item->number);

	if (entry != NULL)
		item->entry = memory_make_entry(
		    entry->number, entry->fields, entry->count);
}

static bool
read_entries(const struct memory_log *log, struct memory_item *item)
{
	uint64_t from =
	    item->number >= log->first ? item->number + 1 : log->first;

	if (log->count < from || !log->exists)
		return item->idle;
	item->count = (size_t)(log->count - from + 1);
	item->entries = calloc(item->count, sizeof(*item->entries));
	insist(item->entries != NULL);
	for (size_t i = 0; i < item->count; i++) {
		item->entries[i] = *log->entries[from - 1 + i];
		item->entries[i].fields = copy_fields(
		    item->entries[i].fields, item->entries[i].count);
	}
	return true;
}

static void
get_snapshot(const struct memory_log *log, struct memory_item *item)
{
	size_t i = log->snapshot_count;

	if (i == 0)
		return;
	item->length = log->snapshots[i - 1].length;
	item->bytes = memory_copy(log->snapshots[i - 1].bytes, item->length);
}

static void
begin(struct memory_log *log, struct memory_item *item)
{
	item->result = 0;
	if (log->result != ENGINE_APPENDED) {
		item->result = -1;
	} else if (!log->exists) {
		memory_log_add(log, item->entry->fields, item->entry->count);
		log->begun++;
		item->result = 1;
	}
}

static void
append(struct memory_log *log, struct memory_item *item)
{
	item->result = log->exists ? (int)log->result : (int)ENGINE_NO_LOG;
	if (item->result == ENGINE_APPENDED)
		memory_log_add(log, item->entry->fields, item->entry->count);
}

static bool
has_text(const struct engine_entry *entry, size_t i, const char *text)
{
	return i < entry->count && entry->fields[i].length == strlen(text) &&
	    memcmp(entry->fields[i].bytes, text, strlen(text)) == 0;
}

static void
put_snapshot(struct memory_log *log, struct memory_item *item)
{
	const struct engine_entry *entry = visible(log, item->number);
	char session[20], number[24];

	snprintf(session, sizeof(session), "%016llx",
	    (unsigned long long)item->session);
	snprintf(number, sizeof(number), "%llu",
	    (unsigned long long)item->write_number);
	item->result = 0;
	if (entry == NULL || !has_text(entry, 1, session) ||
	    !has_text(entry, 3, number) || log->result != ENGINE_APPENDED)
		return;
	insist(log->snapshot_count < MEMORY_SNAPSHOTS);
	snprintf(
	    number, sizeof(number), "%llu", (unsigned long long)item->number);
	log->snapshots[log->snapshot_count].bytes =
	    memory_copy(item->bytes, item->length);
	log->snapshots[log->snapshot_count].length = item->length;
	log->snapshots[log->snapshot_count++].at =
	    memory_log_add_texts(log, "snapshot", number, NULL);
	memory_log_trim(log, item->first);
	log->stored++;
	item->result = 1;
}

static void
announce(struct memory_log *log, const struct memory_item *item)
{
	size_t i = 0;

	while (i < log->announced_count &&
	    strcmp(log->announced[i][0], item->key) != 0)
		i++;
	if (item->length == 0) {
		if (i < log->announced_count)
			memcpy(log->announced[i],
			    log->announced[--log->announced_count],
			    sizeof(log->announced[i]));
		return;
	}
	if (i == log->announced_count)
		log->announced_count++;
	insist(i < 64);
	snprintf(log->announced[i][0], sizeof(log->announced[i][0]), "%s",
	    item->key);
	snprintf(log->announced[i][1], sizeof(log->announced[i][1]), "%s",
	    item->text);
}

bool
memory_item_arrive(struct memory_log *log, struct memory_item *item)
{
	switch (item->kind) {
	case MEMORY_CONNECT:
		break;
	case MEMORY_FIND:
		find(log, item);
		break;
	case MEMORY_READ:
		return read_entries(log, item);
	case MEMORY_GET_SNAPSHOT:
		get_snapshot(log, item);
		break;
	case MEMORY_BEGIN:
		begin(log, item);
		break;
	case MEMORY_APPEND:
		append(log, item);
		break;
	case MEMORY_COUNT_COPIES:
		item->result = (int)log->copies;
		break;
	case MEMORY_PUT_SNAPSHOT:
		put_snapshot(log, item);
		break;
	case MEMORY_ANNOUNCE:
		announce(log, item);
		break;
	}
	return true;
}

bool
memory_log_arrive_late(struct memory_log *log)
{
	struct memory_item *item = TAILQ_FIRST(&log->late);

	if (item == NULL)
		return false;
	TAILQ_REMOVE(&log->late, item, link);
	memory_item_arrive(log, item);
	memory_item_free(item);
	return true;
}
