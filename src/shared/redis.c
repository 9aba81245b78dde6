#include "shared/redis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/redis_answers.h"
#include "shared/redis_batch.h"
#include "shared/secure.h"

#define DEFAULT_PATIENCE 1500

/* XREAD waits so long for the first entry. */
#define READ_MS 500

/* Room for an identifier, 1-N, and for a number. */
#define ID_SIZE 24

_Static_assert(REDIS_WHY_MAX >= LINK_WHY_SIZE, "why fits");

/*
 * Stores a snapshot, ARGV[4], of the entry of number ARGV[1], only where that
 * is the write of session ARGV[2] with its number ARGV[3]; adds the entry
 * snapshot; and removes the entries before number ARGV[5].
 */
static const char put_script[] =
    "local id='1-'..ARGV[1] "
    "local e=redis.call('XRANGE',KEYS[1],id,id) "
    "if #e~=1 or e[1][2][2]~=ARGV[2] or e[1][2][4]~=ARGV[3] "
    "then return 0 end "
    "redis.call('SET',KEYS[2],ARGV[4]) "
    "redis.call('XADD',KEYS[1],'1-*','snapshot',ARGV[1]) "
    "redis.call('XTRIM',KEYS[1],'MINID','~','1-'..ARGV[5],'LIMIT',0) "
    "return 1";

static struct redis *
of(struct engine *e)
{
	return (struct redis *)(void *)e;
}

static struct resp_word
word(const char *text)
{
	return (struct resp_word){ text, strlen(text) };
}

/* Send a command behind all that were appended. */
static void
send_to_writer(struct redis *r, const struct resp_command *command,
    const struct resp_word *words, size_t count)
{
	redis_batch_send(r->batch);
	link_send(r->link, LINK_WRITER, command, words, count);
}

static void
forget_appended(struct redis *r)
{
	redis_batch_drop(r->batch);
	redis_queued_forget(&r->queued);
}

static void
ready(void *arg)
{
	struct redis *r = arg;

	r->engine.events->ready(r->engine.arg);
}

static void
lost(void *arg, const char *why)
{
	struct redis *r = arg;

	/* Fewer entries make a shorter answer. */
	if (r->reading && strcmp(why, RESP_TOO_LONG) == 0 && r->most > 1)
		r->most = r->most > 8 ? r->most / 8 : 1;
	r->reading = false;
	forget_appended(r);
	r->engine.events->lost(r->engine.arg, why);
}

/* --- questions ---------------------------------------------------------- */

static void
redis_find(struct engine *e, uint64_t number)
{
	struct redis *r = of(e);
	const struct resp_command command = { .kind = REDIS_FIND,
		.tag = number };
	char id[ID_SIZE];
	struct resp_word words[] = { word("XRANGE"), word(r->log_key),
		word("-"), word("+"), word("COUNT"), word("1") };

	if (number != 0) {
		snprintf(id, sizeof(id), "1-%" PRIu64, number);
		words[2] = words[3] = word(id);
	}
	link_send(r->link, LINK_READER, &command, words, number != 0 ? 4 : 6);
}

static void
release(struct redis *r)
{
	reply_memory_free(r->kept);
	r->kept = NULL;
}

static void
redis_read(struct engine *e, uint64_t after)
{
	struct redis *r = of(e);
	const struct resp_command command = { .kind = REDIS_READ,
		.extra = READ_MS };
	char id[ID_SIZE], most[ID_SIZE], ms[ID_SIZE];
	const struct resp_word words[] = { word("XREAD"), word("BLOCK"),
		{ ms, (size_t)snprintf(ms, sizeof(ms), "%d", READ_MS) },
		word("COUNT"),
		{ most, (size_t)snprintf(most, sizeof(most), "%u", r->most) },
		word("STREAMS"), word(r->log_key),
		{ id, (size_t)snprintf(id, sizeof(id), "1-%" PRIu64, after) } };

	release(r);
	r->reading = true;
	link_send(r->link, LINK_READER, &command, words,
	    sizeof(words) / sizeof(*words));
}

static void
redis_get_snapshot(struct engine *e)
{
	struct redis *r = of(e);
	const struct resp_command command = { .kind = REDIS_GET };

	link_send(r->link, LINK_READER, &command,
	    (struct resp_word[]){ word("GET"), word(r->snapshot_key) }, 2);
}

/* XADD with the words in front of the fields: of a batch, or alone. */
static void
add(struct redis *r, const struct resp_command *command,
    const struct resp_word *front, size_t front_count,
    const struct engine_field *fields, size_t count)
{
	struct resp_word few[32];
	size_t total = front_count + count;
	struct resp_word *words = total > sizeof(few) / sizeof(*few) ?
	    calloc(total, sizeof(*words)) :
	    few;

	if (words == NULL) {
		link_fail(r->link, "out of memory");
		return;
	}
	memcpy(words, front, front_count * sizeof(*words));
	for (size_t i = 0; i < count; i++)
		words[front_count + i] =
		    (struct resp_word){ fields[i].bytes, fields[i].length };
	if (command->kind == REDIS_APPEND)
		redis_batch_add(r->batch, command->tag, words, total);
	else
		send_to_writer(r, command, words, total);
	if (words != few)
		free(words);
}

static void
redis_append(struct engine *e, uint64_t tag, const struct engine_field *fields,
    size_t count)
{
	struct redis *r = of(e);
	const struct resp_command command = { .kind = REDIS_APPEND,
		.tag = tag };
	const struct resp_word front[] = { word("XADD"), word(r->log_key),
		word("NOMKSTREAM"), word("1-*") };

	add(r, &command, front, 4, fields, count);
}

static void
redis_begin(struct engine *e, const struct engine_field *fields, size_t count)
{
	struct redis *r = of(e);
	const struct resp_command command = { .kind = REDIS_BEGIN };
	const struct resp_word front[] = { word("XADD"), word(r->log_key),
		word("1-1") };

	add(r, &command, front, 3, fields, count);
}

static void
redis_count_copies(struct engine *e, unsigned enough, unsigned ms)
{
	struct redis *r = of(e);
	const struct resp_command command = { .kind = REDIS_COPIES,
		.extra = ms };
	char copies[ID_SIZE], wait[ID_SIZE];

	snprintf(copies, sizeof(copies), "%u", enough);
	/* 0 would wait for ever. */
	snprintf(wait, sizeof(wait), "%u", ms > 0 ? ms : 1);
	send_to_writer(r, &command,
	    (struct resp_word[]){ word("WAIT"), word(copies), word(wait) }, 3);
}

static void
redis_put_snapshot(struct engine *e, uint64_t number, uint64_t session,
    uint64_t write_number, uint64_t first, const void *bytes, size_t length)
{
	struct redis *r = of(e);
	const struct resp_command command = { .kind = REDIS_PUT };
	char texts[4][ID_SIZE];

	snprintf(texts[0], ID_SIZE, "%" PRIu64, number);
	snprintf(texts[1], ID_SIZE, "%016" PRIx64, session);
	snprintf(texts[2], ID_SIZE, "%" PRIu64, write_number);
	snprintf(texts[3], ID_SIZE, "%" PRIu64, first);
	send_to_writer(r, &command,
	    (struct resp_word[]){ word("EVAL"), word(put_script), word("2"),
		word(r->log_key), word(r->snapshot_key), word(texts[0]),
		word(texts[1]), word(texts[2]), { bytes, length },
		word(texts[3]) },
	    10);
}

static void
redis_announce(struct engine *e, const char *key, const char *text)
{
	struct redis *r = of(e);
	const struct resp_command put = { .kind = REDIS_ANNOUNCE };
	const struct resp_command get = { .kind = REDIS_ANNOUNCED };

	send_to_writer(r, &put,
	    (struct resp_word[]){ word(text != NULL ? "HSET" : "HDEL"),
		word(r->servers_key), word(key),
		word(text != NULL ? text : "") },
	    text != NULL ? 4 : 3);
	send_to_writer(r, &get,
	    (struct resp_word[]){ word("HGETALL"), word(r->servers_key) }, 2);
}

/* --- life --------------------------------------------------------------- */

static void
redis_connect(struct engine *e)
{
	struct redis *r = of(e);

	r->reading = false;
	release(r);
	forget_appended(r);
	link_connect(r->link);
}

static void
redis_disconnect(struct engine *e)
{
	struct redis *r = of(e);

	forget_appended(r);
	link_disconnect(r->link);
}

static const char *
redis_describe(const struct engine *e)
{
	return link_host(((const struct redis *)(const void *)e)->link);
}

static void
destroy(struct redis *r)
{
	redis_batch_free(r->batch);
	link_free(r->link);
	secure_context_free(r->tls);
	release(r);
	free(r->queued.tags);
	free(r->log_key);
	free(r->snapshot_key);
	free(r->servers_key);
	free(r);
}

static void
redis_free(struct engine *e)
{
	destroy(of(e));
}

static const struct engine_methods methods = {
	.connect = redis_connect,
	.disconnect = redis_disconnect,
	.describe = redis_describe,
	.find = redis_find,
	.read = redis_read,
	.append = redis_append,
	.begin = redis_begin,
	.count_copies = redis_count_copies,
	.get_snapshot = redis_get_snapshot,
	.put_snapshot = redis_put_snapshot,
	.announce = redis_announce,
	.free = redis_free,
};

static const struct link_events link_events = {
	.ready = ready,
	.lost = lost,
	.replied = redis_answer,
};

static char *
key_new(const char *name, const char *what)
{
	size_t size = strlen(name) + strlen(what) + sizeof(":");
	char *key = malloc(size);

	if (key != NULL)
		snprintf(key, size, "%s:%s", name, what);
	return key;
}

static int
init(struct redis *r, const struct redis_config *config, char *why)
{
	char secure_why[SECURE_WHY_SIZE];

	if (config->url->tls) {
		r->tls = secure_context_new(config->ca, secure_why);
		if (r->tls == NULL) {
			snprintf(why, REDIS_WHY_MAX, "%.*s", REDIS_WHY_MAX - 1,
			    secure_why);
			return -1;
		}
	}
	r->link = link_new(&(struct link_config){ .base = config->base,
	    .url = config->url,
	    .tls = r->tls,
	    .patience =
		config->patience != 0 ? config->patience : DEFAULT_PATIENCE,
	    .events = &link_events,
	    .arg = r });
	r->batch = redis_batch_new(config->base, r->link,
	    &(struct redis_batch_kinds){ .multi = REDIS_MULTI,
		.append = REDIS_APPEND,
		.queue = REDIS_QUEUE,
		.exec = REDIS_EXEC });
	r->log_key = key_new(config->name, "log");
	r->snapshot_key = key_new(config->name, "snapshot");
	r->servers_key = key_new(config->name, "servers");
	snprintf(why, REDIS_WHY_MAX, "out of memory");
	return r->link != NULL && r->batch != NULL && r->log_key != NULL &&
		r->snapshot_key != NULL && r->servers_key != NULL ?
	    0 :
	    -1;
}

struct engine *
redis_new(const struct redis_config *config, char *why)
{
	struct redis *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		snprintf(why, REDIS_WHY_MAX, "out of memory");
		return NULL;
	}
	r->engine.methods = &methods;
	r->most = REDIS_READ_MAX;
	if (init(r, config, why) != 0) {
		destroy(r);
		return NULL;
	}
	return &r->engine;
}
