#include "fake_redis.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "one_engine.h"

static int listener = -1;
static int sockets[2] = { -1, -1 };

int
fake_deaf(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
	    bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

void
fake_begin(void)
{
	listener = fake_deaf();
	ck_assert_int_eq(listen(listener, 16), 0);
	fake_close_all();
}

void
fake_end(void)
{
	fake_close_all();
	close(listener);
}

unsigned
fake_port_of(int fd)
{
	struct sockaddr_in bound;
	socklen_t length = sizeof(bound);

	ck_assert_int_eq(
	    getsockname(fd, (struct sockaddr *)&bound, &length), 0);
	return ntohs(bound.sin_port);
}

unsigned
fake_port(void)
{
	return fake_port_of(listener);
}

const char *
fake_url(const char *credentials)
{
	static char url[128];

	snprintf(url, sizeof(url), "redis://%s127.0.0.1:%u", credentials,
	    fake_port());
	return url;
}

void
fake_close(enum fake_side side)
{
	if (sockets[side] >= 0)
		close(sockets[side]);
	sockets[side] = -1;
}

void
fake_close_all(void)
{
	fake_close(READER);
	fake_close(WRITER);
}

static int
fake_socket(enum fake_side side)
{
	int on = 1;

	if (sockets[side] >= 0)
		return sockets[side];
	await_engine((sockets[side] = accept(listener, NULL, NULL)) >= 0);
	setsockopt(sockets[side], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return sockets[side];
}

/* Receive what there is. A connection that was closed before it had sent
 * anything is left for the next one. */
static size_t
receive(enum fake_side side, char *to, size_t room, bool first)
{
	ssize_t n = -1;

	for (;;) {
		int fd = fake_socket(side);

		await_engine((n = recv(fd, to, room, MSG_DONTWAIT)) >= 0 ||
		    errno != EAGAIN);
		if (n > 0)
			return (size_t)n;
		ck_assert_msg(first, "closed; told: %s", told);
		fake_close(side);
	}
}

void
expect_bytes(enum fake_side side, const char *bytes, size_t length)
{
	static char got[1 << 20];
	size_t have = 0;

	ck_assert_uint_lt(length, sizeof(got));
	while (have < length)
		have +=
		    receive(side, got + have, sizeof(got) - have, have == 0);
	ck_assert_uint_eq(have, length);
	ck_assert_msg(memcmp(got, bytes, length) == 0, "got %.*s, not %s",
	    (int)have, got, bytes);
}

void
expect(enum fake_side side, const char *words)
{
	char bytes[4096];
	size_t length, count = 1;

	for (const char *p = words; (p = strchr(p, '|')) != NULL; p++)
		count++;
	length = (size_t)snprintf(bytes, sizeof(bytes), "*%zu\r\n", count);
	while (count-- > 0) {
		size_t n = strcspn(words, "|");

		length +=
		    (size_t)snprintf(bytes + length, sizeof(bytes) - length,
			"$%zu\r\n%.*s\r\n", n, (int)n, words);
		words += n + 1;
	}
	expect_bytes(side, bytes, length);
}

void
answer_bytes(enum fake_side side, const char *bytes, size_t length)
{
	int fd = fake_socket(side);

	while (length > 0) {
		ssize_t n =
		    send(fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		/* The engine may have closed already. */
		if (n < 0 && errno != EAGAIN)
			return;
		if (n > 0) {
			bytes += n;
			length -= (size_t)n;
		}
		event_base_loop(engine_base, EVLOOP_NONBLOCK);
	}
}

void
answer(enum fake_side side, const char *text)
{
	ck_assert(send(fake_socket(side), text, strlen(text), MSG_NOSIGNAL) ==
	    (ssize_t)strlen(text));
}

void
answer_slowly(enum fake_side side, const char *text)
{
	for (; *text != '\0'; text++)
		answer_bytes(side, text, 1);
}

void
fake_welcome(void)
{
	expect(READER, "ROLE");
	answer(READER, MASTER);
	expect(WRITER, "ROLE");
	answer(WRITER, MASTER);
	await_told("ready\n");
}

void
fake_connect(void)
{
	engine->methods->connect(engine);
	fake_welcome();
}
