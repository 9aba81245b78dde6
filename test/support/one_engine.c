#include "one_engine.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOLD_SIZE 65536

struct event_base *engine_base;
struct engine *engine;
char told[TOLD_SIZE];
void (*when_told)(void);

static struct event *waker;
static size_t told_length;

__attribute__((format(printf, 1, 2))) static void
tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	told_length += (size_t)vsnprintf(
	    told + told_length, TOLD_SIZE - told_length, format, args);
	va_end(args);
	ck_assert_uint_lt(told_length, TOLD_SIZE);
}

/* A line is complete. */
static void
tell_end(void)
{
	void (*what)(void) = when_told;

	tell("\n");
	when_told = NULL;
	if (what != NULL)
		what();
}

static void
tell_fields(const struct engine_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tell(" %.*s", (int)fields[i].length,
		    (const char *)fields[i].bytes);
}

static void
tell_entry(const struct engine_entry *entry)
{
	tell(" %" PRIu64, entry->number);
	tell_fields(entry->fields, entry->count);
}

static void
ready(void *arg)
{
	(void)arg;
	tell("ready");
	tell_end();
}

static void
lost(void *arg, const char *why)
{
	(void)arg;
	ck_assert_ptr_null(strchr(why, '\n'));
	tell("lost: %s", why);
	tell_end();
}

static void
found(void *arg, const struct engine_entry *entry)
{
	(void)arg;
	tell("found");
	if (entry != NULL)
		tell_entry(entry);
	else
		tell(" none");
	tell_end();
}

static void
entries(void *arg, const struct engine_entry *all, size_t count)
{
	(void)arg;
	tell("entries");
	for (size_t i = 0; i < count; i++) {
		tell("\n");
		tell_entry(&all[i]);
	}
	tell_end();
}

static void
snapshot(void *arg, const void *bytes, size_t length)
{
	(void)arg;
	if (bytes != NULL)
		tell("snapshot %zu %.*s", length, (int)length,
		    (const char *)bytes);
	else
		tell("snapshot none");
	tell_end();
}

static void
appended(void *arg, uint64_t tag, enum engine_append result, const char *why)
{
	static const char *const results[] = {
		[ENGINE_APPENDED] = "done",
		[ENGINE_NO_LOG] = "no log",
		[ENGINE_REFUSED] = "refused",
		[ENGINE_ALONE] = "alone",
	};

	(void)arg;
	tell("appended %" PRIu64 " %s", tag, results[result]);
	if (result != ENGINE_APPENDED)
		tell(": %s", why);
	tell_end();
}

static void
begun(void *arg, int made, const char *why)
{
	(void)arg;
	tell("begun %d", made);
	if (made < 0)
		tell(": %s", why);
	tell_end();
}

static void
copies(void *arg, unsigned count)
{
	(void)arg;
	tell("copies %u", count);
	tell_end();
}

static void
stored(void *arg, int done)
{
	(void)arg;
	tell("stored %d", done);
	tell_end();
}

static void
announced(void *arg, const struct engine_field *pairs, size_t count)
{
	(void)arg;
	tell("announced");
	tell_fields(pairs, count);
	tell_end();
}

static const struct engine_events events = {
	.ready = ready,
	.lost = lost,
	.found = found,
	.entries = entries,
	.snapshot = snapshot,
	.appended = appended,
	.begun = begun,
	.copies = copies,
	.stored = stored,
	.announced = announced,
};

static void
wake(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

void
one_engine_begin(void)
{
	const struct timeval often = { 0, 5000 };

	engine_base = event_base_new();
	waker = event_new(engine_base, -1, EV_PERSIST, wake, NULL);
	event_add(waker, &often);
	told[0] = '\0';
	told_length = 0;
}

void
one_engine_new(const char *url, unsigned patience, const char *ca)
{
	struct shared_url parsed;
	char why[REDIS_WHY_MAX] = "";

	ck_assert_int_eq(shared_url_parse(url, &parsed), 0);
	engine = redis_new(&(struct redis_config){ .base = engine_base,
			       .url = &parsed,
			       .name = "mb",
			       .patience = patience,
			       .ca = ca },
	    why);
	ck_assert_msg(engine != NULL, "%s", why);
	engine->events = &events;
}

void
one_engine_end(void)
{
	if (engine != NULL)
		engine->methods->free(engine);
	engine = NULL;
	turn_engine(); /* for what libevent frees later */
	turn_engine();
	event_free(waker);
	event_base_free(engine_base);
}

void
turn_engine(void)
{
	event_base_loop(engine_base, EVLOOP_ONCE);
}

void
await_told(const char *expected)
{
	await_engine(told_length >= strlen(expected));
	ck_assert_str_eq(told, expected);
	told[0] = '\0';
	told_length = 0;
}

int
hold_ipv6(unsigned port)
{
	const struct sockaddr_in6 address = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	/* Where there is no IPv6, nobody has it either. */
	if (fd < 0)
		return socket(AF_INET, SOCK_STREAM, 0);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
	    errno != EADDRINUSE)
		return fd;
	close(fd);
	return -1;
}

struct engine_field
field(const char *text)
{
	return (struct engine_field){ text, strlen(text) };
}
