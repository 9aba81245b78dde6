#include "shared/resp.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "shared/secure.h"
#include "system/error.h"
#include "system/socket.h"

/* The timer's turns in the time of patience. */
#define TURNS 8

/* A reply that takes long must come at this rate at least, and a command that
 * is long may go at the slower one. */
#define PROGRESS_BYTES (64 * 1024)
#define SENT_PER_MS    64

struct resp {
	struct resp_config config;
	struct bufferevent *bev; /* owned */
	struct replies *replies; /* owned */
	struct event *timer;     /* owned */

	/* Commands without a reply, the oldest at first: a ring. */
	struct resp_command *commands; /* owned */
	size_t first, count, room;     /* room is a power of two, or 0 */

	unsigned turns;  /* of the timer since a reply, or much of one, came */
	size_t progress; /* bytes that came since */
	bool connected;
	bool failed;
	bool telling; /* replies: to be freed when that is done */
	bool freed;
};

/* --- commands without a reply ------------------------------------------- */

static int
grow(struct resp *c)
{
	size_t room = c->room == 0 ? 64 : 2 * c->room;
	struct resp_command *commands = calloc(room, sizeof(*commands));

	if (commands == NULL)
		return -1;
	for (size_t i = 0; i < c->count; i++)
		commands[i] = c->commands[(c->first + i) & (c->room - 1)];
	free(c->commands);
	c->commands = commands;
	c->first = 0;
	c->room = room;
	return 0;
}

static void
push(struct resp *c, struct resp_command command)
{
	if (c->count == 0)
		c->turns = 0;
	c->commands[(c->first + c->count++) & (c->room - 1)] = command;
}

static struct resp_command
pop(struct resp *c)
{
	struct resp_command command = c->commands[c->first];

	c->first = (c->first + 1) & (c->room - 1);
	c->count--;
	return command;
}

/* --- life --------------------------------------------------------------- */

static void
destroy(struct resp *c)
{
	if (c->timer != NULL)
		event_free(c->timer);
	if (c->bev != NULL)
		bufferevent_free(c->bev);
	replies_free(c->replies);
	free(c->commands);
	free(c);
}

void
resp_free(struct resp *c)
{
	if (c == NULL)
		return;
	c->freed = true;
	if (!c->telling)
		destroy(c);
}

static void
fail(struct resp *c, const char *why)
{
	if (c->failed || c->freed)
		return;
	c->failed = true;
	event_del(c->timer);
	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
	c->config.events->failed(c->config.arg, why);
}

bool
resp_is_connected(const struct resp *c)
{
	return c->connected;
}

/* --- replies ------------------------------------------------------------ */

/* Tell replies until one is partial, and of how it ends. */
static const char *
tell_replies(struct resp *c)
{
	const struct reply *reply;
	enum replies_result result;

	while ((result = replies_take(c->replies, &reply)) == REPLIES_READY) {
		struct resp_command command;

		if (c->count == 0)
			return "an answer to nothing";
		command = pop(c);
		c->turns = 0;
		c->progress = 0;
		c->config.events->replied(c->config.arg, &command, reply);
		if (c->freed || c->failed)
			return NULL;
	}
	switch (result) {
	case REPLIES_TOO_LONG:
		return RESP_TOO_LONG;
	case REPLIES_INVALID:
		return "an answer that is not of Redis";
	default:
		return NULL;
	}
}

static const char *
read_replies(struct resp *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	const char *why = NULL;
	size_t length;

	while (why == NULL && !c->freed && !c->failed &&
	    (length = evbuffer_get_contiguous_space(in)) > 0) {
		c->progress += length;
		if (c->progress >= PROGRESS_BYTES) {
			c->progress = 0;
			c->turns = 0;
		}
		if (replies_feed(c->replies,
			evbuffer_pullup(in, (ev_ssize_t)length), length) != 0)
			return "out of memory";
		evbuffer_drain(in, length);
		why = tell_replies(c);
	}
	return why;
}

static void
read_cb(struct bufferevent *bev, void *arg)
{
	struct resp *c = arg;
	const char *why;

	(void)bev;
	c->connected = true;
	c->telling = true;
	why = read_replies(c);
	c->telling = false;
	if (c->freed)
		destroy(c);
	else if (why != NULL)
		fail(c, why);
}

static void
connected(struct resp *c)
{
	c->connected = true;
	c->turns = 0;
	/* A command is not to wait for the reply to the one before it. */
	socket_set_no_delay(bufferevent_getfd(c->bev));
}

static void
event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct resp *c = arg;
	int error = socket_error();
	char why[SECURE_WHY_SIZE];

	if (what & BEV_EVENT_CONNECTED)
		connected(c);
	else if (secure_explain(bev, why))
		fail(c, why);
	else if (what & BEV_EVENT_ERROR && error != 0)
		fail(c, error_text(error));
	else
		fail(c, "the connection was closed");
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct resp *c = arg;
	unsigned period = c->config.patience / TURNS;
	unsigned extra = c->count > 0 ? c->commands[c->first].extra : 0;

	(void)fd;
	(void)what;
	if (c->connected && c->count == 0)
		c->turns = 0;
	else if (++c->turns > TURNS + (extra + period - 1) / period)
		fail(c, "no answer");
}

struct resp *
resp_new(const struct resp_config *config, struct bufferevent *bev)
{
	unsigned ms = config->patience / TURNS;
	struct timeval period = { ms / 1000, ms % 1000 * 1000 };
	struct resp *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->config = *config;
	c->replies = replies_new();
	c->timer = event_new(config->base, -1, EV_PERSIST, timer_cb, c);
	if (c->replies == NULL || c->timer == NULL ||
	    event_add(c->timer, &period) != 0 || grow(c) != 0 ||
	    bufferevent_enable(bev, EV_READ) != 0) {
		destroy(c);
		return NULL;
	}
	c->bev = bev;
	bufferevent_setcb(bev, read_cb, NULL, event_cb, c);
	return c;
}

/* --- commands ----------------------------------------------------------- */

int
resp_format(struct evbuffer *out, const struct resp_word *words, size_t count)
{
	const char **texts = calloc(2 * count, sizeof(*texts));
	size_t *lengths;
	char *bytes = NULL;
	long long formatted; /* hiredis before 1.0 returns an int */
	int result = -1;

	_Static_assert(sizeof(*texts) == sizeof(*lengths), "one block");
	if (texts == NULL)
		return -1;
	lengths = (size_t *)(void *)(texts + count);
	for (size_t i = 0; i < count; i++) {
		texts[i] = words[i].bytes;
		lengths[i] = words[i].length;
	}
	formatted = redisFormatCommandArgv(&bytes, (int)count, texts, lengths);
	if (formatted >= 0) {
		result = evbuffer_add(out, bytes, (size_t)formatted);
		free(bytes);
	}
	free(texts);
	return result;
}

/* Have room for so many commands. */
static int
reserve(struct resp *c, size_t count)
{
	while (c->room - c->count < count)
		if (grow(c) != 0)
			return -1;
	return 0;
}

static void
sent(struct resp *c, const struct resp_command *command, size_t length)
{
	struct resp_command last = *command;

	last.extra += (unsigned)(length / SENT_PER_MS);
	push(c, last);
}

int
resp_send(struct resp *c, const struct resp_command *command,
    const struct resp_word *words, size_t count)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	size_t before = evbuffer_get_length(out);

	if (reserve(c, 1) != 0 || resp_format(out, words, count) != 0)
		return -1;
	sent(c, command, evbuffer_get_length(out) - before);
	return 0;
}

int
resp_send_formatted(struct resp *c, const struct resp_command *commands,
    size_t count, struct evbuffer *bytes)
{
	size_t length = evbuffer_get_length(bytes);

	if (reserve(c, count) != 0 ||
	    bufferevent_write_buffer(c->bev, bytes) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		sent(c, &commands[i], length);
	return 0;
}

struct reply_memory *
resp_memory(struct resp *c)
{
	return replies_memory(c->replies);
}

struct reply_memory *
resp_keep(struct resp *c)
{
	return replies_keep(c->replies);
}
