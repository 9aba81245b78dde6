#include "shared/redis_batch.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>

#include "shared/link.h"

/* More are sent at once: as many as a read brings. */
#define BATCH_MAX 1000

/* MULTI, the commands, EXEC. */
#define ROOM (1 + BATCH_MAX + 1)

struct redis_batch {
	struct link *link; /* borrowed */
	struct redis_batch_kinds kinds;
	struct event *end;      /* owned: of the turn */
	struct evbuffer *bytes; /* owned: of the commands, without MULTI */
	size_t count;           /* of the commands, likewise */
	struct resp_command commands[ROOM]; /* the first is MULTI */
};

static struct resp_word
word(const char *text, size_t length)
{
	return (struct resp_word){ text, length };
}

/* Put MULTI before the commands, and EXEC behind them. */
static bool
enclose(struct redis_batch *b)
{
	static const char multi[] = "*1\r\n$5\r\nMULTI\r\n";
	const struct resp_word exec = word("EXEC", 4);

	for (size_t i = 1; i <= b->count; i++)
		b->commands[i].kind = b->kinds.queue;
	b->commands[0] = (struct resp_command){ .kind = b->kinds.multi };
	b->commands[1 + b->count] =
	    (struct resp_command){ .kind = b->kinds.exec };
	return evbuffer_prepend(b->bytes, multi, sizeof(multi) - 1) == 0 &&
	    resp_format(b->bytes, &exec, 1) == 0;
}

void
redis_batch_send(struct redis_batch *b)
{
	if (b->count == 1)
		link_send_formatted(
		    b->link, LINK_WRITER, &b->commands[1], 1, b->bytes);
	else if (b->count > 1 && enclose(b))
		link_send_formatted(b->link, LINK_WRITER, b->commands,
		    1 + b->count + 1, b->bytes);
	else if (b->count > 1)
		link_fail(b->link, "out of memory");
	redis_batch_drop(b);
}

void
redis_batch_drop(struct redis_batch *b)
{
	event_del(b->end);
	evbuffer_drain(b->bytes, evbuffer_get_length(b->bytes));
	b->count = 0;
}

void
redis_batch_add(struct redis_batch *b, uint64_t tag,
    const struct resp_word *words, size_t count)
{
	if (b->count == BATCH_MAX)
		redis_batch_send(b);
	if (resp_format(b->bytes, words, count) != 0) {
		link_fail(b->link, "out of memory");
		return;
	}
	b->commands[1 + b->count++] =
	    (struct resp_command){ .kind = b->kinds.append, .tag = tag };
	event_active(b->end, EV_TIMEOUT, 0);
}

static void
end_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	redis_batch_send(arg);
}

struct redis_batch *
redis_batch_new(struct event_base *base, struct link *l,
    const struct redis_batch_kinds *kinds)
{
	struct redis_batch *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->link = l;
	b->kinds = *kinds;
	b->end = event_new(base, -1, 0, end_cb, b);
	b->bytes = evbuffer_new();
	if (b->end == NULL || b->bytes == NULL) {
		redis_batch_free(b);
		return NULL;
	}
	return b;
}

void
redis_batch_free(struct redis_batch *b)
{
	if (b == NULL)
		return;
	if (b->end != NULL)
		event_free(b->end);
	if (b->bytes != NULL)
		evbuffer_free(b->bytes);
	free(b);
}
