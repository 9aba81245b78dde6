#include "shared/reply.h"

#include <hiredis.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (64 * 1024)

/* hiredis frees its buffer when it is empty and larger than this. */
#define BUFFER_BYTES (1024 * 1024)

/* A number, a status, or an error is not longer. */
#define LINE_BYTES_MAX (64 * 1024)

struct chunk {
	struct chunk *next;
	size_t size, used; /* of bytes */
	alignas(max_align_t) unsigned char bytes[];
};

/* Chunks; blocks are taken of the first one. */
struct reply_memory {
	struct chunk *chunks; /* owned */
	size_t size;          /* of all */
	bool exceeded;
};

struct replies {
	redisReader *reader;         /* owned */
	struct reply_memory *memory; /* owned */
	size_t fed;                  /* since the last reply */
	enum replies_result failed;  /* or REPLIES_PARTIAL */
};

/* --- memory ------------------------------------------------------------- */

static struct chunk *
add_chunk(struct reply_memory *m, size_t size)
{
	struct chunk *c;

	if (size < CHUNK_BYTES)
		size = CHUNK_BYTES;
	if (size > REPLY_MEMORY_MAX - m->size) {
		m->exceeded = true;
		return NULL;
	}
	c = malloc(sizeof(*c) + size);
	if (c == NULL)
		return NULL;
	*c = (struct chunk){ .next = m->chunks, .size = size };
	m->chunks = c;
	m->size += size;
	return c;
}

void *
reply_memory_take(struct reply_memory *m, size_t size)
{
	struct chunk *c = m->chunks;
	void *block;

	if (size > REPLY_MEMORY_MAX) {
		m->exceeded = true;
		return NULL;
	}
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (c == NULL || size > c->size - c->used)
		c = add_chunk(m, size);
	if (c == NULL)
		return NULL;
	block = c->bytes + c->used;
	c->used += size;
	return block;
}

/* Free all blocks, and all chunks but one of the usual size. */
static void
reply_memory_reset(struct reply_memory *m)
{
	struct chunk *kept = NULL;

	while (m->chunks != NULL) {
		struct chunk *next = m->chunks->next;

		if (kept == NULL && m->chunks->size == CHUNK_BYTES)
			kept = m->chunks;
		else
			free(m->chunks);
		m->chunks = next;
	}
	*m = (struct reply_memory){ .chunks = kept };
	if (kept != NULL) {
		kept->next = NULL;
		kept->used = 0;
		m->size = kept->size;
	}
}

void
reply_memory_free(struct reply_memory *m)
{
	if (m == NULL)
		return;
	reply_memory_reset(m);
	free(m->chunks);
	free(m);
}

/* --- what hiredis calls, with the memory of the reply ------------------- */

static enum reply_type
type_of(int type)
{
	switch (type) {
	case REDIS_REPLY_STRING:
		return REPLY_STRING;
	case REDIS_REPLY_ARRAY:
		return REPLY_ARRAY;
	case REDIS_REPLY_INTEGER:
		return REPLY_INTEGER;
	case REDIS_REPLY_NIL:
		return REPLY_NIL;
	case REDIS_REPLY_STATUS:
		return REPLY_STATUS;
	case REDIS_REPLY_ERROR:
		return REPLY_ERROR;
	default:
		return REPLY_OTHER;
	}
}

/* Elements are in the array of their parent. */
static struct reply *
create(const redisReadTask *task)
{
	struct reply_memory *m = task->privdata;
	struct reply *reply;

	if (task->parent != NULL)
		reply =
		    &((struct reply *)task->parent->obj)->elements[task->idx];
	else
		reply = reply_memory_take(m, sizeof(*reply));
	if (reply != NULL)
		*reply = (struct reply){ .type = type_of(task->type) };
	return reply;
}

static void *
create_string(const redisReadTask *task, char *text, size_t length)
{
	struct reply_memory *m = task->privdata;
	struct reply *reply = create(task);
	char *copy = reply != NULL && length < REPLY_BYTES_MAX ?
	    reply_memory_take(m, length + 1) :
	    NULL;

	if (copy == NULL)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	reply->text = copy;
	reply->length = length;
	return reply;
}

#if HIREDIS_MAJOR >= 1
typedef size_t array_count;
#else
typedef int array_count;
#endif

static void *
create_array(const redisReadTask *task, array_count count)
{
	struct reply_memory *m = task->privdata;
	struct reply *reply = create(task);
	size_t size = (size_t)count * sizeof(*reply);
	struct reply *elements;

	if (reply == NULL)
		return NULL;
	if ((size_t)count > REPLY_MEMORY_MAX / sizeof(*reply)) {
		m->exceeded = true;
		return NULL;
	}
	elements = reply_memory_take(m, size);
	if (elements == NULL)
		return NULL;
	for (size_t i = 0; i < (size_t)count; i++)
		elements[i] = (struct reply){ .type = REPLY_OTHER };
	reply->elements = elements;
	reply->count = (size_t)count;
	return reply;
}

static void *
create_integer(const redisReadTask *task, long long number)
{
	struct reply *reply = create(task);

	if (reply != NULL)
		reply->number = number;
	return reply;
}

/* Of whatever type the task is: "$-1", "*-1". */
static void *
create_nil(const redisReadTask *task)
{
	struct reply *reply = create(task);

	if (reply != NULL)
		reply->type = REPLY_NIL;
	return reply;
}

#if HIREDIS_MAJOR >= 1
static void *
create_double(
    const redisReadTask *task, double number, char *text, size_t length)
{
	(void)number;
	(void)text;
	(void)length;
	return create(task);
}

static void *
create_bool(const redisReadTask *task, int number)
{
	(void)number;
	return create(task);
}
#endif

/* It goes with its memory. */
static void
free_object(void *object)
{
	(void)object;
}

static redisReplyObjectFunctions functions = {
	.createString = create_string,
	.createArray = create_array,
	.createInteger = create_integer,
	.createNil = create_nil,
#if HIREDIS_MAJOR >= 1
	.createDouble = create_double,
	.createBool = create_bool,
#endif
	.freeObject = free_object,
};

/* --- replies ------------------------------------------------------------ */

struct replies *
replies_new(void)
{
	struct replies *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->memory = calloc(1, sizeof(*r->memory));
	r->reader = redisReaderCreateWithFunctions(&functions);
	if (r->memory == NULL || r->reader == NULL) {
		replies_free(r);
		return NULL;
	}
	r->reader->maxbuf = BUFFER_BYTES;
	r->reader->privdata = r->memory;
	return r;
}

void
replies_free(struct replies *r)
{
	if (r == NULL)
		return;
	if (r->reader != NULL)
		redisReaderFree(r->reader);
	reply_memory_free(r->memory);
	free(r);
}

int
replies_feed(struct replies *r, const void *bytes, size_t length)
{
	r->fed += length;
	if (r->failed != REPLIES_PARTIAL)
		return 0;
	return redisReaderFeed(r->reader, bytes, length) == REDIS_OK ? 0 : -1;
}

static enum replies_result
fail(struct replies *r, enum replies_result why)
{
	r->failed = why;
	return why;
}

/* Whether what has come begins with a line that has no end. Each call of
 * hiredis searches it from the start. */
static bool
is_endless(const redisReader *reader)
{
	return reader->len - reader->pos > LINE_BYTES_MAX &&
	    memchr(reader->buf + reader->pos, '\n', LINE_BYTES_MAX) == NULL;
}

enum replies_result
replies_take(struct replies *r, const struct reply **reply)
{
	void *taken = NULL;

	if (r->failed != REPLIES_PARTIAL)
		return r->failed;
	if (r->reader->reply == NULL)
		reply_memory_reset(r->memory);
	if (redisReaderGetReply(r->reader, &taken) != REDIS_OK)
		return fail(r,
		    r->memory->exceeded ? REPLIES_TOO_LONG : REPLIES_INVALID);
	if (taken == NULL)
		return r->fed > REPLY_BYTES_MAX || is_endless(r->reader) ?
		    fail(r, REPLIES_TOO_LONG) :
		    REPLIES_PARTIAL;
	r->fed = 0;
	*reply = taken;
	return REPLIES_READY;
}

struct reply_memory *
replies_memory(struct replies *r)
{
	return r->memory;
}

struct reply_memory *
replies_keep(struct replies *r)
{
	struct reply_memory *kept = r->memory;
	struct reply_memory *next = calloc(1, sizeof(*next));

	if (next == NULL)
		return NULL;
	r->memory = next;
	r->reader->privdata = next;
	return kept;
}

const char *
reply_line(const struct reply *reply, char *out)
{
	size_t length = reply->length;

	if (length > REPLY_LINE_SIZE - 1)
		length = REPLY_LINE_SIZE - 1;
	for (size_t i = 0; i < length; i++) {
		char c = reply->text[i];

		out[i] = c;
		if (c < ' ' || c > '~')
			out[i] = '?';
	}
	out[length] = '\0';
	return out;
}
