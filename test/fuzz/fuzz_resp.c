/*
 * Answers of Redis: a connection gets any bytes, at once and in pieces. It must
 * tell the same replies, whole, no more than there are commands, and fail at
 * most once, for the same reason; and whatever they are, they become entries,
 * fields and lines, or do not.
 *
 * Input: how many commands, the size of pieces, and the bytes.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "shared/redis_entries.h"
#include "shared/resp.h"

#define INPUT_MAX 60000

struct run {
	struct resp *resp; /* NULL: it has failed */
	unsigned commands, told;
	uint64_t hash; /* of all that was told */
	char why[64];
};

static struct event_base *base;

static void
mix(struct run *r, const void *bytes, size_t length)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < length; i++)
		r->hash = (r->hash ^ p[i]) * 0x100000001B3;
}

static void
mix_number(struct run *r, uint64_t number)
{
	mix(r, &number, sizeof(number));
}

/* Read everything that a reply points to. */
static void
walk(struct run *r, const struct reply *reply)
{
	mix_number(r, reply->type);
	mix_number(r, (uint64_t)reply->number);
	if (reply->text != NULL) {
		must(reply->text[reply->length] == '\0');
		mix(r, reply->text, reply->length);
	}
	for (size_t i = 0; i < reply->count; i++)
		walk(r, &reply->elements[i]);
}

static void
walk_fields(struct run *r, const struct engine_field *fields, size_t count)
{
	must(count % 2 == 0);
	for (size_t i = 0; i < count; i++)
		mix(r, fields[i].bytes, fields[i].length);
}

static void
walk_entries(struct run *r, struct reply_memory *m, const struct reply *reply)
{
	const struct engine_entry *entries;
	size_t count;
	enum redis_entries result =
	    redis_entries_make(m, reply, &entries, &count);

	mix_number(r, result);
	if (result != REDIS_ENTRIES_READY)
		return;
	for (size_t i = 0; i < count; i++) {
		must(entries[i].number > 0);
		walk_fields(r, entries[i].fields, entries[i].count);
	}
}

static void
replied(
    void *arg, const struct resp_command *command, const struct reply *reply)
{
	struct run *r = arg;
	struct reply_memory *m = resp_memory(r->resp);
	const struct reply *stream = redis_entries_of_stream(reply);
	const struct engine_field *fields;
	size_t count;
	char line[REPLY_LINE_SIZE];

	must(command->tag == r->told);
	must(++r->told <= r->commands);
	walk(r, reply);
	walk_entries(r, m, reply);
	if (stream != NULL)
		walk_entries(r, m, stream);
	fields = redis_fields_make(m, reply, &count);
	if (fields != NULL)
		walk_fields(r, fields, count);
	if (reply->text != NULL)
		must(strlen(reply_line(reply, line)) <= reply->length);
	if (r->told % 3 == 0)
		reply_memory_free(resp_keep(r->resp));
}

static void
failed(void *arg, const char *why)
{
	struct run *r = arg;

	must(r->why[0] == '\0' && strlen(why) < sizeof(r->why));
	strcpy(r->why, why);
	resp_free(r->resp);
	r->resp = NULL;
}

static void
turn(void)
{
	for (int i = 0; i < 4; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static const struct resp_events events = { replied, failed };

static void
run_begin(struct run *r, unsigned commands, struct bufferevent *bev)
{
	const struct resp_word word = { "PING", 4 };

	*r = (struct run){ .commands = commands };
	r->resp =
	    resp_new(&(struct resp_config){ base, 60000, &events, r }, bev);
	must(r->resp != NULL);
	for (unsigned i = 0; i < commands; i++)
		must(resp_send(r->resp, &(struct resp_command){ .tag = i },
			 &word, 1) == 0);
}

static void
run(struct run *r, unsigned commands, struct input in, size_t piece)
{
	struct bufferevent *pair[2];

	must(bufferevent_pair_new(base, 0, pair) == 0);
	run_begin(r, commands, pair[0]);
	while (in.left > 0 && r->resp != NULL) {
		size_t length = piece;
		const uint8_t *bytes = input_take(&in, &length);

		must(bufferevent_write(pair[1], bytes, length) == 0);
		turn();
	}
	resp_free(r->resp);
	bufferevent_free(pair[1]);
	turn();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	base = event_base_new();
	must(base != NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned commands = input_byte(&in) % 100;
	size_t piece = 1U + input_byte(&in) % 16;
	struct run whole, pieces;

	if (size > INPUT_MAX)
		return 0; /* a line of such a length ends otherwise in pieces */
	run(&whole, commands, in, SIZE_MAX);
	run(&pieces, commands, in, piece);
	must(whole.told == pieces.told);
	must(whole.hash == pieces.hash);
	must(strcmp(whole.why, pieces.why) == 0);
	return 0;
}
